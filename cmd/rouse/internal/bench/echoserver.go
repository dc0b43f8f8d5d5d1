package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// The echo servers. A connection that ends, how ever, is closed and forgotten.

const (
	echoAddr   = "127.0.0.1:0"
	echoBuffer = 4096
)

// counter counts the connections that are open.
type counter struct{ n atomic.Int64 }

func (c *counter) value() int { return int(c.n.Load()) }

// echoTask serves one connection. All of them read into one buffer; what the
// kernel does not take of a reply at once is copied to rest.
type echoTask struct {
	c    *netio.Conn
	from *acceptTask
	rest []byte
}

func (e *echoTask) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if err := e.c.PollWriteAll(cx, &e.rest); err != nil {
			return struct{}{}, e.end(err)
		}
		n, err := e.c.PollRead(cx, e.from.buf)
		if err != nil {
			return struct{}{}, e.end(err)
		}
		e.rest = e.from.buf[:n]
		if err := e.c.PollWriteAll(cx, &e.rest); err != nil {
			e.rest = append([]byte(nil), e.rest...) // the buffer is for everybody
			return struct{}{}, e.end(err)
		}
		e.rest = nil
	}
}

func (e *echoTask) end(err error) error {
	if err != rouse.Pending {
		e.Drop()
	}
	return err
}

// Drop closes the connection.
func (e *echoTask) Drop() {
	e.c.Close()
	e.from.open.n.Add(-1)
}

// acceptTask accepts and spawns.
type acceptTask struct {
	l    *netio.Listener
	addr chan<- string
	buf  []byte
	open counter
}

func (a *acceptTask) Poll(cx *rouse.Context) (struct{}, error) {
	if a.l == nil {
		l, err := netio.PollListen(cx, "tcp", echoAddr)
		if err != nil {
			return struct{}{}, err
		}
		a.l = l
		a.addr <- l.Addr().String()
	}
	for {
		c, err := a.l.PollAccept(cx)
		if err != nil {
			return struct{}{}, err
		}
		a.open.n.Add(1)
		executor.SpawnDetached[struct{}](executor.From(cx), &echoTask{c: c, from: a})
	}
}

// Drop stops listening.
func (a *acceptTask) Drop() {
	if a.l != nil {
		a.l.Close()
	}
}

func serveTasks() (*echoServer, error) {
	addr := make(chan string, 1)
	a := &acceptTask{addr: addr, buf: make([]byte, echoBuffer)}
	return serveLocal(&a.open, addr, func(_ context.Context, l *executor.Local) rouse.JoinHandle[struct{}] {
		return executor.Spawn[struct{}](l, a)
	})
}

func serveFibers() (*echoServer, error) {
	addr := make(chan string, 1)
	open := new(counter)
	return serveLocal(open, addr, func(ctx context.Context, l *executor.Local) rouse.JoinHandle[struct{}] {
		return executor.SpawnFiber(ctx, l, func(ctx context.Context) (struct{}, error) {
			ln, err := netio.Listen(ctx, "tcp", echoAddr)
			if err != nil {
				return struct{}{}, err
			}
			defer ln.Close()
			addr <- ln.Addr().String()
			for {
				c, err := ln.Accept(ctx)
				if err != nil {
					return struct{}{}, err
				}
				open.n.Add(1)
				fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
					defer open.n.Add(-1)
					defer c.Close()
					return struct{}{}, echoFiber(ctx, c)
				}).Detach()
			}
		})
	})
}

func echoFiber(ctx context.Context, c *netio.Conn) error {
	buf := make([]byte, echoBuffer)
	for {
		n, err := c.Read(ctx, buf)
		if err != nil {
			return err
		}
		if _, err := c.Write(ctx, buf[:n]); err != nil {
			return err
		}
	}
}

// serveLocal runs an executor on a goroutine of its own, with the server that
// begin spawns, which sends where it listens to addr.
func serveLocal(open *counter, addr <-chan string, begin func(context.Context, *executor.Local) rouse.JoinHandle[struct{}]) (*echoServer, error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	failed := make(chan error, 1)
	go func() {
		ended <- onLocal(func(l *executor.Local) error {
			h := begin(l.Context(context.Background()), l)
			go func() {
				_, err := h.Join(context.Background())
				failed <- err
			}()
			if err := l.Run(ctx); !errors.Is(err, context.Canceled) {
				return fmt.Errorf("the executor ended: %w", err)
			}
			return nil
		})
	}()
	s := &echoServer{open: open.value, stop: func() error {
		cancel()
		return <-ended
	}}
	select {
	case s.addr = <-addr:
		return s, nil
	case err := <-failed:
		return nil, errors.Join(fmt.Errorf("the server ended: %w", err), s.stop())
	case err := <-ended:
		cancel()
		return nil, fmt.Errorf("the server ended: %w", err)
	}
}

func serveGoroutines() (*echoServer, error) {
	ln, err := net.Listen("tcp", echoAddr)
	if err != nil {
		return nil, err
	}
	open := new(counter)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.n.Add(1)
			go func() {
				defer open.n.Add(-1)
				defer c.Close()
				buf := make([]byte, echoBuffer)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return &echoServer{addr: ln.Addr().String(), open: open.value, stop: ln.Close}, nil
}
