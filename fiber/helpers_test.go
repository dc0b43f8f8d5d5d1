package fiber_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/timer"
)

// limit bounds every wait. It is an alarm, not a measure.
const limit = exectest.Patience

// A world is a driver to run a test on. Fibers on epoll are locked to a thread,
// those on portable and manual are not.
type world struct {
	name string
	open func() (driver.Driver, error)
}

func eachWorld(t *testing.T, test func(t *testing.T, w world)) {
	var ws []world
	for _, d := range exectest.Drivers() {
		ws = append(ws, world{d.Name, d.Open})
	}
	ws = append(ws, world{"manual", manualAdvancing})
	for _, w := range ws {
		t.Run(w.name, func(t *testing.T) {
			bound(t)
			test(t, w)
		})
	}
}

func manualAdvancing() (driver.Driver, error) { return manual.New(manual.Config{AutoAdvance: true}) }

func bound(t testing.TB) { exectest.Bound(t) }

// logbook keeps what an executor logs.
type logbook = exectest.Logbook

// config is a Config for w that logs into the book.
func (w world) config(t testing.TB) (executor.Config, *logbook) {
	t.Helper()
	drv, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	log := &logbook{}
	return executor.Config{Name: "tested", Driver: drv, Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

// run runs fn as the root fiber, which must end without error.
func (w world) run(t testing.TB, fn func(ctx context.Context) error) *logbook {
	t.Helper()
	cfg, log := w.config(t)
	if err := executor.RunWith(cfg, fn); err != nil {
		t.Errorf("Run: %v", err)
	}
	return log
}

// local makes an executor that is closed at the end of the test.
func (w world) local(t testing.TB) (*executor.Local, *logbook) {
	t.Helper()
	cfg, log := w.config(t)
	l, err := executor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l, log
}

func fut[T any](f rouse.Future[T]) rouse.Future[T] { return f }

func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(limit):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func idle(t testing.TB, l *executor.Local) {
	t.Helper()
	if err := l.RunUntilIdle(); err != nil {
		t.Fatal(err)
	}
}

// A gate is a future that is over once it was opened, from any goroutine.
type gate struct {
	mu    sync.Mutex
	open  bool
	waker rouse.Waker
	drops int
}

func (g *gate) Poll(cx *rouse.Context) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return 1, nil
	}
	g.waker.Drop()
	g.waker = cx.Waker()
	return 0, rouse.Pending
}

func (g *gate) Drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drops++
	g.waker.Drop()
	g.waker = rouse.Waker{}
}

func (g *gate) Open() {
	g.mu.Lock()
	g.open = true
	w := g.waker
	g.waker = rouse.Waker{}
	g.mu.Unlock()
	w.Wake()
}

// await waits for g.
func (g *gate) await(ctx context.Context) error {
	_, err := rouse.Await(ctx, fut[int](g))
	return err
}

func (g *gate) check(t testing.TB, drops int) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drops != drops {
		t.Errorf("dropped %d times, want %d", g.drops, drops)
	}
}

func mustPanic(t testing.TB, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), want) {
			t.Errorf("panic %v; want one with %q", v, want)
		}
	}()
	f()
}

// stopped is a world whose clock stands still.
func stopped() world {
	return world{"stopped", func() (driver.Driver, error) { return manual.New(manual.Config{}) }}
}

// turn waits until what was spawned has had its first poll: for a turn of the
// loop, since without gid spawns go by mail.
func turn(t testing.TB, ctx context.Context) {
	t.Helper()
	if _, err := rouse.Await(ctx, fut[struct{}](timer.Sleep(time.Millisecond))); err != nil {
		t.Errorf("Sleep: %v", err)
	}
}
