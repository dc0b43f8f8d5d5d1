package faults_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/netio"
)

// conns returns the ends of n connections.
func (w *world) conns(n int) (a, b []*netio.Conn) {
	w.Helper()
	l, err := netio.Listen(w.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	defer l.Close()
	for range n {
		accepted := async(w, func() (*netio.Conn, error) { return l.Accept(w.ctx) })
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err != nil {
			w.Fatal(err)
		}
		s, err := accepted()
		if err != nil {
			w.Fatal(err)
		}
		a, b = append(a, c), append(b, s)
	}
	return a, b
}

// What is written arrives, all of it and in order, whatever the transfers are
// cut into and however late their ends are told.
func TestStreams(t *testing.T) {
	onEach(t, bad, []string{faults.Short, faults.Late, faults.Swapped}, func(w *world) {
		const n, size = 6, 200 << 10
		a, b := w.conns(n)
		var waits []func() (int, error)
		for i := range n {
			for side, c := range []*netio.Conn{a[i], b[i]} {
				mine, other := pattern(2*i+side, size), pattern(2*i+1-side, size)
				waits = append(waits, async(w, func() (int, error) {
					n, err := c.Write(w.ctx, mine)
					if err == nil {
						err = c.CloseWrite()
					}
					return n, err
				}), async(w, func() (int, error) {
					got, err := io.ReadAll(reader{w, c})
					if err == nil && !bytes.Equal(got, other) {
						w.Errorf("connection %d: %d bytes came, and they are not what was sent", i, len(got))
					}
					return len(got), err
				}))
			}
		}
		for _, wait := range waits {
			if n, err := wait(); err != nil || n != size {
				w.Errorf("%d bytes, %v", n, err)
			}
		}
		for i := range n {
			if err := a[i].Close(); err != nil {
				w.Error(err)
			}
			if err := b[i].Close(); err != nil {
				w.Error(err)
			}
		}
	})
}

type reader struct {
	w *world
	c *netio.Conn
}

func (r reader) Read(buf []byte) (int, error) { return r.c.Read(r.w.ctx, buf) }

// failing makes errors, too.
var failing = faults.Plan{Short: 0.3, Late: 0.3, Swap: 0.5, Fail: 0.25}

// told checks that err names the operation, and is one that was injected. It
// counts those that were told, by kind.
func (w *world) told(err error, op, network string, seen map[string]int) {
	w.Helper()
	var oe *net.OpError
	var errno syscall.Errno
	switch {
	case !errors.As(err, &oe) || oe.Op != op || oe.Net != network || !strings.HasPrefix(err.Error(), op+" "+network):
		w.Errorf("%v does not say that it is of %s %s", err, op, network)
	case !errors.As(err, &errno):
		w.Errorf("no errno in %v", err)
	default:
		seen[faults.Name(errno)]++
	}
}

// Each error is told, once, and names the operation. The listener and the
// connections are as good as before, and no byte is lost or comes twice: a write
// that fails has said how much went.
func TestNetworkErrors(t *testing.T) {
	kinds := []string{"EMFILE", "ENOMEM", "ENOBUFS", "ECONNRESET"}
	onEach(t, failing, kinds, func(w *world) {
		seen := [3]map[string]int{{}, {}, {}}
		l := again(w, "listen", seen[0], func() (*netio.Listener, error) { return netio.Listen(w.ctx, "tcp", "127.0.0.1:0") })
		for range 25 {
			accepted := async(w, func() (*netio.Conn, error) {
				return again(w, "accept", seen[1], func() (*netio.Conn, error) { return l.Accept(w.ctx) }), nil
			})
			a := again(w, "dial", seen[0], func() (*netio.Conn, error) { return netio.Dial(w.ctx, "tcp", l.Addr().String()) })
			b, _ := accepted()
			data := pattern(1, 15<<10)
			wrote := async(w, func() (int, error) {
				for rest := data; len(rest) > 0 && !w.Failed(); {
					n, err := a.Write(w.ctx, rest[:min(len(rest), 5000)])
					if rest = rest[n:]; err != nil {
						w.told(err, "write", "tcp", seen[0])
					}
				}
				return 0, a.Close()
			})
			var got []byte
			for buf := make([]byte, 3000); ; {
				n, err := b.Read(w.ctx, buf)
				if got = append(got, buf[:n]...); err == io.EOF {
					break
				} else if err != nil {
					w.told(err, "read", "tcp", seen[2])
				}
				if w.Failed() {
					break
				}
			}
			if !bytes.Equal(got, data) {
				w.Errorf("%d bytes came of %d, or they are wrong", len(got), len(data))
			}
			if _, err := wrote(); err != nil {
				w.Error(err)
			}
			if err := b.Close(); err != nil {
				w.Error(err)
			}
		}
		w.set(faults.Plan{})
		w.sameAs(seen[:]...)
		if err := l.Close(); err != nil {
			w.Error(err)
		}
	})
}

// again makes the call until it succeeds.
func again[T any](w *world, op string, seen map[string]int, call func() (T, error)) T {
	w.Helper()
	for {
		v, err := call()
		if err == nil || w.Failed() {
			return v
		}
		w.told(err, op, "tcp", seen)
	}
}

// sameAs fails unless each error that was made has been told once.
func (w *world) sameAs(seen ...map[string]int) {
	w.Helper()
	sum := map[string]int{}
	for _, s := range seen {
		for kind, n := range s {
			sum[kind] += n
		}
	}
	for kind, n := range w.d.Counts() {
		switch kind {
		case faults.Short, faults.Late, faults.Swapped:
		default:
			if sum[kind] != n {
				w.Errorf("%d errors %s were made, %d were told", n, kind, sum[kind])
			}
		}
	}
}
