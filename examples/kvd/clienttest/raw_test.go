package clienttest

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A raw is a connection without a client library.
type raw struct {
	net.Conn
	t testing.TB
}

func (k *kvd) dial() *raw { return k.dialWith(net.Dialer{}) }

func (k *kvd) dialWith(d net.Dialer) *raw {
	k.t.Helper()
	d.Timeout = patience
	c, err := d.Dial(k.network(), k.addr)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		k.t.Fatal(err)
	}
	return &raw{c, k.t}
}

func (r *raw) send(s string) {
	r.t.Helper()
	if _, err := io.WriteString(r, s); err != nil {
		r.t.Fatal(err)
	}
}

// expect demands exactly these bytes next.
func (r *raw) expect(reply string) {
	r.t.Helper()
	got := make([]byte, len(reply))
	n, err := io.ReadFull(r, got)
	if err != nil || string(got) != reply {
		r.t.Fatalf("got %.300q, %v; want %.300q", got[:n], err, reply)
	}
}

// expectEnd demands that the server has nothing more to say and hangs up.
func (r *raw) expectEnd() {
	r.t.Helper()
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		r.t.Fatalf("got %.300q, %v; want the end of the stream", rest, err)
	}
}

// expectGone is expectEnd for a connection that may have been reset, with
// replies on their way.
func (r *raw) expectGone() {
	r.t.Helper()
	if _, err := io.Copy(io.Discard, r); err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		r.t.Fatalf("the connection is not closed: %v", err)
	}
}

func (r *raw) ask(request, reply string) {
	r.t.Helper()
	r.send(request)
	r.expect(reply)
}

// closeWrite says that there are no more requests.
func (r *raw) closeWrite() {
	r.t.Helper()
	if err := r.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		r.t.Fatal(err)
	}
}

// request encodes a command.
func request(args ...string) string {
	var b strings.Builder
	b.WriteString("*" + strconv.Itoa(len(args)) + "\r\n")
	for _, a := range args {
		b.WriteString(bulk(a))
	}
	return b.String()
}

func bulk(s string) string { return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n" }
