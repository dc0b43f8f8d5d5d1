package netio_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

func TestCloseWhileReading(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		read := async(t, func() (int, error) { return a.Read(w.ctx, make([]byte, 1)) })
		inFiber := fiber.Go(w.ctx, func(ctx context.Context) (int, error) { return b.Read(ctx, make([]byte, 1)) })
		w.settle()
		if err := a.Close(); err != nil { // from another goroutine
			t.Error(err)
		}
		_, err := read()
		wantIs(t, err, netio.ErrClosed, net.ErrClosed)
		wantOp(t, err, "read", "tcp")
		if _, err := inFiber.Join(w.ctx); err == nil {
			t.Error("the peer reads on")
		}
		_, err = task(w, func(cx *rouse.Context) (struct{}, error) { return struct{}{}, b.Close() })
		if err != nil {
			t.Error(err)
		}
		for _, c := range []*netio.Conn{a, b} {
			for range 2 {
				if err := c.Close(); err != nil {
					t.Error("closing again:", err)
				}
			}
			_, err = c.Read(w.ctx, make([]byte, 1))
			wantIs(t, err, netio.ErrClosed)
			_, err = c.Write(w.ctx, make([]byte, 1))
			wantIs(t, err, netio.ErrClosed)
			wantIs(t, c.CloseWrite(), netio.ErrClosed)
			wantIs(t, c.SetNoDelay(true), netio.ErrClosed)
			if c.LocalAddr() == nil || c.RemoteAddr() == nil {
				t.Error("addresses are gone")
			}
		}
	})
}

func TestCloseWhileWriting(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		w.shrink(a, b)
		write := async(t, func() (int, error) { return a.Write(w.ctx, make([]byte, tooMuch)) })
		if _, err := b.Read(w.ctx, make([]byte, 1)); err != nil { // it has begun
			t.Fatal(err)
		}
		a.Close()
		n, err := write()
		wantIs(t, err, netio.ErrClosed)
		if n == 0 {
			t.Error("nothing was written")
		}
	})
}

func TestCloseWhileAccepting(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		var waits []func() (*netio.Conn, error)
		for range 3 { // in line
			waits = append(waits, async(t, func() (*netio.Conn, error) { return l.Accept(w.ctx) }))
		}
		w.settle()
		for range 2 {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, wait := range waits {
			_, err := wait()
			wantIs(t, err, netio.ErrClosed, net.ErrClosed)
			wantOp(t, err, "accept", "tcp")
		}
		_, err := l.Accept(w.ctx)
		wantIs(t, err, netio.ErrClosed)
		_, err = netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err == nil {
			t.Error("still listening")
		}
	})
}

// Several callers of Accept are served in order, and one that leaves the line
// does not stop it.
func TestAcceptInLine(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		ctx, cancel := context.WithCancel(w.ctx)
		defer cancel()
		var waits []rouse.JoinHandle[*netio.Conn]
		for _, ctx := range []context.Context{ctx, w.ctx, w.ctx} {
			waits = append(waits, fiber.Go(ctx, l.Accept))
			w.settle() // it is in line: fibers start in order
		}
		cancel()
		if _, err := waits[0].Join(w.ctx); err != context.Canceled {
			t.Error(err)
		}
		for _, wait := range waits[1:] {
			a, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			b, err := wait.Join(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			b.Close()
		}
	})
}

// When the executor ends nobody hangs, and what comes later is harmless.
func TestExecutorEnds(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		a, b := w.pair()
		w.shrink(a, b)
		quietA, quietB := w.pair()
		waits := []func() (any, error){
			async(t, func() (any, error) { return quietA.Read(w.ctx, make([]byte, 1)) }),
			async(t, func() (any, error) { return quietB.NetConn(w.ctx).Read(make([]byte, 1)) }),
			async(t, func() (any, error) { return a.Write(w.ctx, make([]byte, tooMuch)) }),
			async(t, func() (any, error) { return l.Accept(w.ctx) }),
		}
		inFiber := fiber.Go(w.ctx, func(ctx context.Context) (int, error) { return b.Write(ctx, make([]byte, tooMuch)) })
		w.settle()
		time.Sleep(10 * time.Millisecond)
		w.stop()
		for i, wait := range waits {
			_, err := wait()
			if !errors.Is(err, net.ErrClosed) {
				t.Error("waiter", i, err)
			}
		}
		if _, err := inFiber.Join(w.ctx); err == nil {
			t.Error("the fiber has written all")
		}
		for _, c := range []*netio.Conn{a, b} {
			if _, err := c.Read(w.ctx, make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			if err := c.SetNoDelay(true); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for _, fn := range []func() error{
			func() error { _, err := netio.Listen(w.ctx, "tcp", "127.0.0.1:0"); return err },
			func() error { _, err := netio.Dial(w.ctx, "tcp", l.Addr().String()); return err },
			func() error { _, err := l.Accept(w.ctx); return err },
		} {
			if err := fn(); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
}

// An executor that nobody runs can't be waited for; the ctx still ends it.
func TestExecutorDoesNotRun(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.Name, func(t *testing.T) {
			drv, err := d.Open()
			if err != nil {
				t.Fatal(err)
			}
			ex, err := executor.New(executor.Config{Driver: drv})
			if err != nil {
				t.Fatal(err)
			}
			defer ex.Close()
			l, err := executor.RunUntil[*netio.Listener](ex, rouse.FutureFunc[*netio.Listener](func(cx *rouse.Context) (*netio.Listener, error) {
				return netio.PollListen(cx, "tcp", "127.0.0.1:0")
			}))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(rouse.WithExecutor(context.Background(), ex), 20*time.Millisecond)
			defer cancel()
			wait := async(t, func() (*netio.Conn, error) { return l.Accept(ctx) })
			if _, err := wait(); err != context.DeadlineExceeded {
				t.Error(err)
			}
			l.Close()
		})
	}
}

// Everything that may be called from any goroutine, at the same time.
func TestConcurrentUse(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.echoServer()
		for range 20 {
			c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			var g sync.WaitGroup
			for _, fn := range []func(){
				func() { c.Write(w.ctx, make([]byte, 100000)) },
				func() {
					buf := make([]byte, 1000)
					for {
						if _, err := c.Read(w.ctx, buf); err != nil {
							return
						}
					}
				},
				func() { c.SetNoDelay(false); c.SetKeepAlive(time.Minute); c.SetReadBuffer(1 << 16) },
				func() { c.LocalAddr(); c.RemoteAddr(); c.SetWriteBuffer(1 << 16) },
				func() { time.Sleep(time.Millisecond); c.CloseWrite(); c.Close() },
				func() { time.Sleep(time.Millisecond); c.Close() },
			} {
				g.Go(fn)
			}
			wait := async(t, func() (int, error) { g.Wait(); return 0, nil })
			wait()
		}
	})
}
