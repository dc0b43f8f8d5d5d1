package netio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// A world is an executor that runs on a goroutine of its own.
type world struct {
	t    testing.TB
	ex   *executor.Local
	ctx  context.Context // carries ex
	stop func()
}

// onEach runs fn as a subtest on every driver that this system has.
func onEach(t *testing.T, fn func(t *testing.T, w *world)) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) { fn(t, newWorld(t, d.open)) })
	}
}

func newWorld(t testing.TB, open func() (driver.Driver, error)) *world {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), leakcheck.Descriptors()
	d, err := open()
	if err != nil {
		t.Fatal(err)
	}
	ex, err := executor.New(executor.Config{Driver: d})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(rouse.WithExecutor(context.Background(), ex), patience)
	w := &world{t: t, ex: ex, ctx: ctx}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = ex.Run(context.Background())
		if err := ex.Close(); err != nil {
			t.Error("Close:", err)
		}
	}()
	var once atomic.Bool
	w.stop = func() {
		if once.Swap(true) {
			return
		}
		ex.Stop()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("the executor does not end")
		}
	}
	t.Cleanup(func() {
		w.stop()
		cancel()
		noLeak(t, "goroutines", goroutines, runtime.NumGoroutine)
		noLeak(t, "descriptors", files, leakcheck.Descriptors)
	})
	return w
}

func noLeak(t testing.TB, what string, before int, now func() int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); now() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("%s: %d before, %d after\n%s", what, before, now(), stacks.Bytes())
			return
		}
	}
}

// task runs fn as a task's poll and returns its result.
func task[T any](w *world, fn func(cx *rouse.Context) (T, error)) (T, error) {
	return executor.Spawn[T](w.ex, rouse.FutureFunc[T](fn)).Join(w.ctx)
}

// spawn starts fn as a task.
func spawn[T any](w *world, fn func(cx *rouse.Context) (T, error)) rouse.JoinHandle[T] {
	return executor.Spawn[T](w.ex, rouse.FutureFunc[T](fn))
}

func (w *world) listen() *netio.Listener {
	w.t.Helper()
	l, err := netio.Listen(w.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	return l
}

// pair returns both ends of a connection, dialled first.
func (w *world) pair() (a, b *netio.Conn) {
	w.t.Helper()
	return w.pairOn(w.listen())
}

func (w *world) pairOn(l *netio.Listener) (a, b *netio.Conn) {
	w.t.Helper()
	a, err := netio.Dial(w.ctx, l.Addr().Network(), l.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	b, err = l.Accept(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// tooMuch is more than shrunk connections take while nobody reads.
const tooMuch = 4 << 20

// shrink gives connections small buffers. The system's own grow to what it sees
// fit, and what is more than those costs a machine dearly under the race detector.
func (w *world) shrink(conns ...*netio.Conn) {
	w.t.Helper()
	for _, c := range conns {
		if err := errors.Join(c.SetReadBuffer(64<<10), c.SetWriteBuffer(64<<10)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// async calls fn on a goroutine; the function it returns waits for the result.
func async[T any](t testing.TB, fn func() (T, error)) func() (T, error) {
	type result struct {
		v   T
		err error
	}
	ch := make(chan result, 1)
	go func() {
		v, err := fn()
		ch <- result{v, err}
	}()
	return func() (T, error) {
		t.Helper()
		select {
		case r := <-ch:
			return r.v, r.err
		case <-time.After(patience):
			t.Fatal("a call does not return")
			panic("not reached")
		}
	}
}

// settle gives the executor the time to do what it has been told.
func (w *world) settle() {
	for range 3 {
		if _, err := task(w, func(*rouse.Context) (struct{}, error) { return struct{}{}, nil }); err != nil {
			w.t.Fatal(err)
		}
	}
}

func wantIs(t testing.TB, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error is %v (%T); want errors.Is %v", err, err, target)
		}
	}
}

func wantOp(t testing.TB, err error, op, network string) *net.OpError {
	t.Helper()
	var e *net.OpError
	if !errors.As(err, &e) || e.Op != op || e.Net != network {
		t.Fatalf("error is %#v; want a *net.OpError of %s %s", err, op, network)
	}
	return e
}

// ctxReader makes an io.Reader and io.Writer of the ctx forms.
type ctxStream struct {
	ctx context.Context
	c   *netio.Conn
}

func (s ctxStream) Read(buf []byte) (int, error)  { return s.c.Read(s.ctx, buf) }
func (s ctxStream) Write(buf []byte) (int, error) { return s.c.Write(s.ctx, buf) }

var _ io.ReadWriter = ctxStream{}

// pattern is a test stream: byte i is a function of i.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16)
	}
	return b
}

// realNetwork reports whether the driver is connected to the system's network.
func (w *world) realNetwork() bool { return w.ex.Driver().Name() != "manual" }
