package faults_test

import (
	"bytes"
	"io"
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
