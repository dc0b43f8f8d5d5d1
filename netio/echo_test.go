package netio_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// echo is a server's task of one connection, in poll form. All of them share
// one buffer for reading; what the kernel does not take at once waits in rest.
type echo struct {
	c    *netio.Conn
	buf  []byte
	rest []byte
	keep []byte
}

func (e *echo) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if err := e.c.PollWriteAll(cx, &e.rest); err != nil {
			return struct{}{}, e.end(err)
		}
		n, err := e.c.PollRead(cx, e.buf)
		if err != nil {
			return struct{}{}, e.end(err)
		}
		e.rest = e.buf[:n]
		if err := e.c.PollWriteAll(cx, &e.rest); err == rouse.Pending {
			e.keep = append(e.keep[:0], e.rest...) // the buffer is for everybody
			e.rest = e.keep
			return struct{}{}, err
		} else if err != nil {
			return struct{}{}, e.end(err)
		}
	}
}

func (e *echo) end(err error) error {
	if err == rouse.Pending {
		return err
	}
	e.c.Close()
	if err == io.EOF {
		return nil
	}
	return err
}

func (e *echo) Drop() { e.c.Close() }

// serve is the task that accepts.
type serve struct {
	l   *netio.Listener
	buf []byte
}

func (s *serve) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		c, err := s.l.PollAccept(cx)
		if err != nil {
			return struct{}{}, err
		}
		executor.Spawn[struct{}](executor.From(cx), &echo{c: c, buf: s.buf}).Detach()
	}
}

func (w *world) echoServer() *netio.Listener {
	l := w.listen()
	executor.Spawn[struct{}](w.ex, &serve{l, make([]byte, 4096)}).Detach()
	return l
}

// talk sends and gets back a few messages of all sizes.
func talk(t testing.TB, s io.ReadWriter) {
	t.Helper()
	data := pattern(70000)
	got := make([]byte, len(data))
	for _, n := range []int{1, 2, 64, 4095, 4096, 4097, 70000} {
		if k, err := s.Write(data[:n]); k != n || err != nil {
			t.Fatalf("Write of %d: %d, %v", n, k, err)
		}
		if _, err := io.ReadFull(s, got[:n]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[:n], data[:n]) {
			t.Fatalf("echo of %d bytes differs", n)
		}
	}
}

func TestEchoPollForm(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.echoServer()
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		talk(t, ctxStream{w.ctx, c})
	})
}

// The peer is package net itself.
func TestEchoWithPackageNet(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("a network of its own")
		}
		l := w.echoServer()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		talk(t, c)
	})
}

func TestEchoManyGoroutines(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.echoServer()
		var waits []func() (struct{}, error)
		for range 8 {
			waits = append(waits, async(t, func() (struct{}, error) {
				c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
				if err != nil {
					return struct{}{}, err
				}
				defer c.Close()
				talk(t, ctxStream{w.ctx, c})
				return struct{}{}, nil
			}))
		}
		for _, wait := range waits {
			if _, err := wait(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestEchoFibers(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		server := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
			c, err := l.Accept(ctx)
			if err != nil {
				return 0, err
			}
			defer c.Close()
			n, err := io.Copy(ctxStream{ctx, c}, ctxStream{ctx, c})
			return int(n), err
		})
		client := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
			c, err := netio.Dial(ctx, "tcp", l.Addr().String())
			if err != nil {
				return 0, err
			}
			defer c.Close()
			talk(t, ctxStream{ctx, c})
			return 0, c.CloseWrite()
		})
		if _, err := client.Join(w.ctx); err != nil {
			t.Error(err)
		}
		if n, err := server.Join(w.ctx); n != 1+2+64+4095+4096+4097+70000 || err != nil {
			t.Error(n, err)
		}
	})
}

// A fiber of one executor uses a connection of another one.
func TestFiberOfAnotherExecutor(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		other := newWorld(t, drivers[0].Open)
		l := w.echoServer()
		h := fiber.Go(other.ctx, func(ctx context.Context) (struct{}, error) {
			c, err := netio.Dialer{Executor: w.ex}.Dial(ctx, "tcp", l.Addr().String())
			if err != nil {
				return struct{}{}, err
			}
			defer c.Close()
			if c.Executor() != rouse.Executor(w.ex) {
				t.Error("the connection is not at home")
			}
			talk(t, ctxStream{ctx, c})
			return struct{}{}, nil
		})
		if _, err := h.Join(other.ctx); err != nil {
			t.Error(err)
		}
	})
}
