package executor_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/internal/gid"
)

// limit bounds every wait. It is an alarm, not a measure.
const limit = exectest.Patience

// A world is a driver to run a test on.
type world struct {
	name string
	open func() (driver.Driver, error)
}

// worlds lists the drivers of this system, and the manual one.
func worlds() []world {
	var ws []world
	for _, d := range exectest.Drivers() {
		ws = append(ws, world{d.Name, d.Open})
	}
	return append(ws, world{"manual", func() (driver.Driver, error) { return manual.New(manual.Config{}) }})
}

// eachWorld runs a test on every driver.
func eachWorld(t *testing.T, test func(t *testing.T, w world)) {
	for _, w := range worlds() {
		t.Run(w.name, func(t *testing.T) {
			bound(t)
			test(t, w)
		})
	}
}

func bound(t testing.TB) { exectest.Bound(t) }

// logbook keeps what an executor logs.
type logbook = exectest.Logbook

// local makes an executor on w's driver. It is closed at the end of the test,
// where that has not been done, and must have nothing to complain about then.
func (w world) local(t testing.TB, set ...func(*executor.Config)) (*executor.Local, *logbook) {
	t.Helper()
	drv, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	log := &logbook{}
	cfg := executor.Config{Driver: drv, Log: slog.New(slog.NewTextHandler(log, nil)), Name: "tested"}
	for _, s := range set {
		s(&cfg)
	}
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

// onDefault makes an executor on this system's default driver.
func onDefault(t testing.TB, set ...func(*executor.Config)) (*executor.Local, *logbook) {
	t.Helper()
	bound(t)
	return worlds()[0].local(t, set...)
}

// A probe is a future that does what its script says and keeps account.
type probe struct {
	script func(cx *rouse.Context, poll int) (int, error)
	onDrop func()
	polls  atomic.Int32
	drops  atomic.Int32
	waker  rouse.Waker // of the first poll, if script is nil
}

func (p *probe) Poll(cx *rouse.Context) (int, error) {
	n := int(p.polls.Add(1))
	if p.script != nil {
		return p.script(cx, n)
	}
	if n == 1 {
		p.waker = cx.Waker()
	}
	return 0, rouse.Pending
}

func (p *probe) Drop() {
	p.drops.Add(1)
	if p.onDrop != nil {
		p.onDrop()
	}
}

// check compares the account with what the test expects.
func (p *probe) check(t testing.TB, polls, drops int) {
	t.Helper()
	if n := int(p.polls.Load()); n != polls {
		t.Errorf("%d polls, want %d", n, polls)
	}
	if n := int(p.drops.Load()); n != drops {
		t.Errorf("dropped %d times, want %d", n, drops)
	}
}

// forever is pending until it is dropped.
func forever() *probe { return &probe{} }

// after is over at its n-th poll, and pending without a wake before.
func after(n, v int) *probe {
	return &probe{script: func(_ *rouse.Context, poll int) (int, error) {
		if poll < n {
			return 0, rouse.Pending
		}
		return v, nil
	}}
}

// doing calls f once and is over.
func doing(f func(cx *rouse.Context)) *probe {
	return &probe{script: func(cx *rouse.Context, _ int) (int, error) {
		f(cx)
		return 0, nil
	}}
}

// fut converts to the interface, for Go's inference.
func fut[T any](f rouse.Future[T]) rouse.Future[T] { return f }

func spawn(l *executor.Local, p *probe) rouse.JoinHandle[int] { return executor.Spawn(l, fut[int](p)) }

// idle runs l until nothing is left to do.
func idle(t testing.TB, l *executor.Local) {
	t.Helper()
	if err := l.RunUntilIdle(); err != nil {
		t.Fatalf("RunUntilIdle: %v", err)
	}
}

// joined runs l until h has its result.
func joined[T any](l *executor.Local, h rouse.JoinHandle[T]) (T, error) {
	return executor.RunUntil(l, rouse.Future[T](h))
}

// elsewhere runs f on another goroutine and waits for its end.
func elsewhere(t testing.TB, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	receive(t, done)
}

// receive receives from ch, within the limit.
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

// eventually polls cond: at first as often as it can, so that the test goes on in
// the same moment, and then without taking the CPU from what it waits for.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	end := time.Now().Add(limit)
	for looks := 0; !cond(); looks++ {
		if looks < 1000 {
			runtime.Gosched()
			continue
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// A host is an executor that runs on a goroutine of its own.
type host struct {
	l    *executor.Local
	log  *logbook
	quit chan error
}

// start runs l on a new goroutine until Stop or Close. It has closed when the
// test is over: another may count descriptors.
func (w world) start(t testing.TB, set ...func(*executor.Config)) *host {
	t.Helper()
	h := &host{quit: make(chan error, 1)}
	ready, gone := make(chan struct{}), make(chan struct{})
	var failed error
	go func() {
		defer close(gone)
		drv, err := w.open()
		if err != nil {
			failed = err
			close(ready)
			return
		}
		h.log = &logbook{}
		cfg := executor.Config{Driver: drv, Log: slog.New(slog.NewTextHandler(h.log, nil)), Name: "host"}
		for _, s := range set {
			s(&cfg)
		}
		h.l, failed = executor.New(cfg)
		close(ready)
		if failed != nil {
			return
		}
		err = h.l.Run(t.Context())
		if cerr := h.l.Close(); cerr != nil {
			err = cerr
		}
		h.quit <- err
	}()
	receive(t, ready)
	if failed != nil {
		t.Fatal(failed)
	}
	t.Cleanup(func() {
		h.l.Stop()
		receive(t, gone)
	})
	return h
}

// stop ends the host and returns what it had to say.
func (h *host) stop(t testing.TB) error {
	t.Helper()
	h.l.Stop()
	return receive(t, h.quit)
}

// mustPanic calls f and returns the text of the panic it must throw, which must
// contain want.
func mustPanic(t testing.TB, want string, f func()) (v any) {
	t.Helper()
	defer func() {
		t.Helper()
		if v = recover(); v == nil {
			t.Errorf("no panic; want one with %q", want)
		} else if !strings.Contains(fmt.Sprint(v), want) {
			t.Errorf("panic %q; want one with %q", v, want)
		}
	}()
	f()
	return nil
}

// wantOrder compares a trace.
func wantOrder[T comparable](t testing.TB, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

// counter is a word that goroutines share.
type counter = atomic.Int64

// raise makes c at least n.
func raise(c *counter, n int64) {
	for was := c.Load(); was < n && !c.CompareAndSwap(was, n); was = c.Load() {
	}
}

// counting counts calls of Unpark and Park.
type counting struct {
	driver.Driver
	unparks, parks atomic.Int64
}

func (c *counting) Unpark() {
	c.unparks.Add(1)
	c.Driver.Unpark()
}

func (c *counting) Park(until int64) (int, error) {
	c.parks.Add(1)
	return c.Driver.Park(until)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// quiet is local for tests in which Close has something to say.
func (w world) quiet(t testing.TB, set ...func(*executor.Config)) (*executor.Local, *logbook) {
	t.Helper()
	log := &logbook{}
	cfg := quietConfig(log)
	cfg.Driver = must(w.open())
	for _, s := range set {
		s(&cfg)
	}
	l, err := executor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, log
}

// quietConfig logs to a book.
func quietConfig(log *logbook) executor.Config {
	return executor.Config{Log: slog.New(slog.NewTextHandler(log, nil)), Name: "quiet"}
}

// silent logs nowhere.
var silent = slog.New(slog.DiscardHandler)

// mustKnow skips a test where goroutines can't be told apart.
func mustKnow(t testing.TB) {
	t.Helper()
	if !gid.Known {
		t.Skip("goroutines can't be told apart in this build")
	}
}
