package clienttest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A raw is a connection without a client library.
type raw struct {
	net.Conn
	in *bufio.Reader // of Conn: some tests read hundreds of thousands of short lines
	t  testing.TB
}

// Read reads what the server has sent.
func (r *raw) Read(p []byte) (int, error) { return r.in.Read(p) }

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
	return &raw{c, bufio.NewReader(c), k.t}
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

// readLine reads a line, without its end.
func (r *raw) readLine() string {
	r.t.Helper()
	line, err := r.in.ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "\r\n") {
		r.t.Fatalf("got %.300q, %v; want a line", line, err)
	}
	return line[:len(line)-2]
}

func (r *raw) readFull(n int) []byte {
	r.t.Helper()
	b := make([]byte, n)
	if n, err := io.ReadFull(r, b); err != nil {
		r.t.Fatalf("got %.300q, %v", b[:n], err)
	}
	return b
}

// readBulk reads a bulk reply.
func (r *raw) readBulk() string {
	r.t.Helper()
	head := r.readLine()
	n, err := strconv.Atoi(head[1:])
	if head[0] != '$' || err != nil || n < 0 {
		r.t.Fatalf("got %q, want a bulk reply", head)
	}
	return string(r.readFull(n + 2)[:n])
}

// stall sends a request again and again, without reading, until the server
// takes no more of it. It may be called on a goroutine.
func (r *raw) stall(request string) (sent int) {
	r.t.Helper()
	batch := []byte(request)
	for len(batch) < 16<<10 {
		batch = append(batch, request...)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		_ = r.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := r.Write(batch)
		sent += n
		if os.IsTimeout(err) {
			_ = r.SetWriteDeadline(time.Now().Add(patience))
			return sent
		} else if err != nil {
			r.t.Errorf("after %d bytes of requests: %v", sent, err)
			return sent
		}
	}
	r.t.Errorf("the server takes %d bytes of requests and more, though nobody reads its replies", sent)
	return sent
}
