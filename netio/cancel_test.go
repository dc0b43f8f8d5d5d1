package netio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// trickle writes data in small pieces with pauses.
func trickle(w *world, c *netio.Conn, data []byte) (int, error) {
	sent := 0
	for sent < len(data) {
		n, err := c.Write(w.ctx, data[sent:min(sent+1+rand.IntN(40), len(data))])
		if sent += n; err != nil {
			return sent, err
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Microsecond)
	}
	return sent, c.CloseWrite()
}

// impatient reads all, giving up and starting anew all the time.
func impatient(ctx context.Context, c *netio.Conn) (got []byte, gaveUp int, err error) {
	for {
		short, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(100))*time.Microsecond)
		buf := make([]byte, 16)
		n, err := c.Read(short, buf)
		cancel()
		if err != nil {
			// Nobody may touch buf any more; the race detector listens.
			for i := range buf {
				buf[i] = 1
			}
		}
		got = append(got, buf[:n]...)
		switch {
		case err == io.EOF:
			return got, gaveUp, nil
		case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			if n > 0 {
				return got, gaveUp, errors.New("bytes and an error")
			}
			gaveUp++
		case err != nil:
			return got, gaveUp, err
		}
	}
}

// Reads that were cancelled lose no byte.
func TestCancelReadOnGoroutine(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(20000)
		write := async(t, func() (int, error) { return trickle(w, a, data) })
		got, gaveUp, err := impatient(w.ctx, b)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("got %d bytes of %d, %v", len(got), len(data), err)
		}
		if _, err := write(); err != nil {
			t.Error(err)
		}
		t.Log("cancelled", gaveUp, "times")
		if gaveUp == 0 {
			t.Error("nothing was cancelled")
		}
	})
}

func TestCancelReadInFiber(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(20000)
		h := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
			got, gaveUp, err := impatient(ctx, b)
			if !bytes.Equal(got, data) {
				t.Errorf("got %d bytes of %d", len(got), len(data))
			}
			return gaveUp, err
		})
		if _, err := trickle(w, a, data); err != nil {
			t.Error(err)
		}
		gaveUp, err := h.Join(w.ctx)
		if err != nil || gaveUp == 0 {
			t.Errorf("cancelled %d times, %v", gaveUp, err)
		}
	})
}

// readOnce reads once into the test's buffer, and leaves the connection alone
// when it is dropped.
type readOnce struct {
	c    *netio.Conn
	got  *[]byte
	done bool
}

func (r *readOnce) Poll(cx *rouse.Context) (int, error) {
	var buf [16]byte
	n, err := r.c.PollRead(cx, buf[:])
	if r.done = err != rouse.Pending; r.done {
		*r.got = append(*r.got, buf[:n]...)
	}
	return n, err
}

func (r *readOnce) Drop() { r.c.ForgetRead() }

// Tasks that are aborted in the middle of PollRead lose no byte.
func TestAbortReadingTask(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(20000)
		write := async(t, func() (int, error) { return trickle(w, a, data) })
		var got []byte // of tasks, one at a time
		aborted := 0
		for end := false; !end; {
			h := executor.Spawn[int](w.ex, &readOnce{c: b, got: &got})
			time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			h.Abort()
			switch _, err := h.Join(w.ctx); {
			case err == io.EOF:
				end = true
			case err == rouse.ErrCanceled:
				aborted++
			case err != nil:
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("got %d bytes of %d", len(got), len(data))
		}
		if _, err := write(); err != nil || aborted == 0 {
			t.Errorf("aborted %d, %v", aborted, err)
		}
	})
}

// A write that is cancelled says how much went.
func TestCancelWrite(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		data := pattern(64 << 20)
		n := 0
		for span := 100 * time.Millisecond; n == 0 && span < patience; span *= 2 { // a busy machine may be late
			short, cancel := context.WithTimeout(w.ctx, span)
			var err error
			n, err = a.Write(short, data)
			cancel()
			wantIs(t, err, context.DeadlineExceeded)
		}
		if n == 0 || n == len(data) {
			t.Fatal("written:", n)
		}
		read := async(t, func() (int, error) { return slowly(w.ctx, b, data) })
		// It goes on where it stopped.
		if k, err := a.Write(w.ctx, data[n:n+1<<20]); k != 1<<20 || err != nil {
			t.Error(k, err)
		}
		a.CloseWrite()
		if k, err := read(); k != n+1<<20 || err != nil {
			t.Errorf("read %d, %v; want %d", k, err, n+1<<20)
		}
	})
}

// Accepts that are cancelled lose no connection.
func TestCancelAccept(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		const conns = 100
		dial := async(t, func() (int, error) {
			for range conns {
				c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
				if err != nil {
					return 0, err
				}
				w.t.Cleanup(func() { c.Close() })
				time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			}
			return 0, nil
		})
		gaveUp := 0
		for got := 0; got < conns; {
			short, cancel := context.WithTimeout(w.ctx, time.Duration(rand.IntN(150))*time.Microsecond)
			c, err := l.Accept(short)
			cancel()
			switch {
			case err == nil:
				got++
				c.Close()
			case w.ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
				t.Fatal("after", got, err)
			default:
				gaveUp++
			}
		}
		if _, err := dial(); err != nil {
			t.Error(err)
		}
		if gaveUp == 0 {
			t.Error("nothing was cancelled")
		}
	})
}

// A task that is aborted in the middle of accepting leaves the listener usable;
// one that comes too late for a connection leaves that, too.
func TestAbortAcceptingTask(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		h := executor.Spawn[*netio.Conn](w.ex, &acceptOnce{l})
		w.settle()
		h.Abort()
		if _, err := h.Join(w.ctx); err != rouse.ErrCanceled {
			t.Fatal(err)
		}
		a, b := w.pairOn(l)
		if _, err := a.Write(w.ctx, []byte("x")); err != nil {
			t.Error(err)
		}
		if n, err := b.Read(w.ctx, make([]byte, 4)); n != 1 || err != nil {
			t.Error(n, err)
		}
		// Nobody takes this one up: Close must close it; the leak check looks.
		h = executor.Spawn[*netio.Conn](w.ex, &acceptOnce{l})
		w.settle()
		h.Abort()
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		w.settle()
		l.Close()
		if _, err := c.Read(w.ctx, make([]byte, 1)); err == nil {
			t.Error("the connection that nobody accepted is open")
		}
	})
}

type acceptOnce struct{ l *netio.Listener }

func (a *acceptOnce) Poll(cx *rouse.Context) (*netio.Conn, error) { return a.l.PollAccept(cx) }
func (a *acceptOnce) Drop()                                       { a.l.ForgetAccept() }

// stuck returns a listener whose queue is full, so that dialling it takes for
// ever, and what fills it.
func (w *world) stuck() (net.Addr, func()) {
	w.t.Helper()
	l, err := netio.ListenConfig{Backlog: 1}.Listen(w.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	conns := []io.Closer{l}
	for range 200 {
		short, cancel := context.WithTimeout(w.ctx, 300*time.Millisecond)
		c, err := netio.Dial(short, "tcp", l.Addr().String())
		cancel()
		if err != nil {
			wantIs(w.t, err, context.DeadlineExceeded)
			return l.Addr(), func() {
				for _, c := range conns {
					c.Close()
				}
			}
		}
		conns = append(conns, c)
	}
	w.t.Skip("this system's queues have no end")
	return nil, nil
}

func TestDialTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("a network of its own")
		}
		addr, done := w.stuck()
		defer done()
		begin := time.Now()
		short, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
		defer cancel()
		c, err := netio.Dial(short, "tcp", addr.String())
		if c != nil || err != context.DeadlineExceeded {
			t.Error(c, err)
		}
		if d := time.Since(begin); d < 50*time.Millisecond || d > 5*time.Second {
			t.Error("gave up after", d)
		}
		// And by abort.
		h := executor.Spawn[*netio.Conn](w.ex, netio.NewDial("tcp", addr.String()))
		w.settle()
		h.Abort()
		if _, err := h.Join(w.ctx); err != rouse.ErrCanceled {
			t.Error(err)
		}
	})
}

// Dials that are given up at any moment leave no descriptor behind.
func TestCancelDial(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		accept := async(t, func() (int, error) {
			for n := 0; ; n++ {
				c, err := l.Accept(w.ctx)
				if err != nil {
					return n, err
				}
				c.Close()
			}
		})
		for range 200 {
			short, cancel := context.WithTimeout(w.ctx, time.Duration(rand.IntN(200))*time.Microsecond)
			c, err := netio.Dial(short, "tcp", l.Addr().String())
			cancel()
			switch {
			case err == nil:
				c.Close()
			case !errors.Is(err, context.DeadlineExceeded):
				t.Fatal(err)
			}
			h := executor.Spawn[*netio.Conn](w.ex, netio.NewDial("tcp", l.Addr().String()))
			time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
			h.Abort()
			if c, err := h.Join(w.ctx); err == nil {
				c.Close()
			} else if err != rouse.ErrCanceled {
				t.Fatal(err)
			}
		}
		l.Close()
		if _, err := accept(); !errors.Is(err, netio.ErrClosed) {
			t.Error(err)
		}
	})
}
