package netio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/netio"
)

// patience bounds every wait of these tests.
const patience = exectest.Patience

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
		t.Run(d.Name, func(t *testing.T) { fn(t, newWorld(t, d.Open)) })
	}
}

func newWorld(t testing.TB, open func() (driver.Driver, error)) *world {
	t.Helper()
	exectest.NoneLeft(t)
	r := exectest.Run(t, executor.Config{}, open)
	return &world{t: t, ex: r.Executor, ctx: r.Ctx, stop: r.Stop}
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

func async[T any](t testing.TB, fn func() (T, error)) func() (T, error) { return exectest.Async(t, fn) }

func noLeak(t testing.TB, what string, before int, now func() int) {
	t.Helper()
	exectest.NoMore(t, what, before, now)
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

// pattern is a test stream.
func pattern(n int) []byte { return exectest.Content(0, n) }

// realNetwork reports whether the driver is connected to the system's network.
func (w *world) realNetwork() bool { return w.ex.Driver().Name() != "manual" }
