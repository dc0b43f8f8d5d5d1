package executor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

// pool makes a pool of n unbound executors, which is closed at the end.
func pool(t testing.TB, n int, set ...func(*executor.PoolConfig)) (*executor.Pool, *logbook) {
	t.Helper()
	bound(t)
	log := &logbook{}
	cfg := executor.PoolConfig{Placement: executor.Unbound(n)}
	cfg.Executor.Log = slog.New(slog.NewTextHandler(log, nil))
	for _, s := range set {
		s(&cfg)
	}
	p, err := executor.NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, log
}

func TestAPoolRunsOnEveryExecutor(t *testing.T) {
	p, _ := pool(t, 3)
	var mu sync.Mutex
	seen := map[*executor.Local]int{}
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		l := executor.FromContext(ctx)
		if gid.Known && !l.AtHome() || l != p.At(i) || l != p.Executors()[i] || l.Name() != fmt.Sprintf("pool-%d", i) {
			t.Errorf("fiber %d runs on %s", i, l.Name())
		}
		mu.Lock()
		defer mu.Unlock()
		seen[l]++
		return nil
	})
	if err != nil || len(seen) != 3 || p.Len() != 3 {
		t.Error(seen, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(p.Close(), p.Join()); err != nil {
		t.Error("again:", err)
	}
	h := executor.Spawn(p.At(1), fut[int](forever()))
	if _, err := h.Join(t.Context()); err != rouse.ErrCanceled {
		t.Error("spawned after the end:", err)
	}
	if err := p.Each(t.Context(), func(context.Context, int) error { return nil }); !errors.Is(err, rouse.ErrCanceled) {
		t.Error("Each after the end:", err)
	}
}

func TestAPoolGathersErrorsAndPanics(t *testing.T) {
	p, _ := pool(t, 3)
	boom := errors.New("boom")
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		switch i {
		case 0:
			return boom
		case 1:
			panic("bang")
		}
		_, err := rouse.Await(ctx, fut[int](forever())) // until the others fail
		return err
	})
	var pe *rouse.PanicError
	if !errors.Is(err, boom) || !errors.As(err, &pe) || pe.Value != "bang" || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"executor pool-0: boom", "executor pool-1: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q in it", err, want)
		}
	}
	if err := p.Close(); err != nil { // Each has handed them out
		t.Error(err)
	}
}

func TestAPoolReportsWhatNobodyJoined(t *testing.T) {
	p, _ := pool(t, 2)
	for i := range 2 {
		h := executor.Spawn(p.At(i), fut[int](doing(func(*rouse.Context) { panic(i) })))
		for !h.IsFinished() {
			runtime.Gosched()
		}
	}
	err := p.Close()
	for i := range 2 {
		if want := fmt.Sprintf("executor pool-%d: ", i); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q in it", err, want)
		}
	}
}

func TestADetachedPanicEndsThePool(t *testing.T) {
	p, _ := pool(t, 3)
	waiting := executor.Spawn(p.At(0), fut[int](forever()))
	executor.SpawnDetached(p.At(2), fut[int](doing(func(*rouse.Context) { panic("detached") })))
	err := p.Join()
	var pe *rouse.PanicError
	if !errors.As(err, &pe) || pe.Value != "detached" || !strings.Contains(err.Error(), "executor pool-2") {
		t.Errorf("got %v", err)
	}
	if _, err := waiting.Join(t.Context()); err != rouse.ErrCanceled {
		t.Error(err)
	}
}

func TestAPoolEndsFromTheLastToTheFirst(t *testing.T) {
	var mu sync.Mutex
	var order []int
	p, _ := pool(t, 4)
	for i := range 4 {
		executor.SpawnDetached(p.At(i), fut[int](&probe{onDrop: func() {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
		}}))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	wantOrder(t, order, 3, 2, 1, 0)
}

func TestAPoolCantBeClosedByItsTasks(t *testing.T) {
	mustKnow(t)
	p, _ := pool(t, 2)
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		if err := p.Close(); err == nil || !strings.Contains(err.Error(), "inside a task") {
			t.Errorf("Close: %v", err)
		}
		return nil
	})
	if err != nil && !errors.Is(err, rouse.ErrCanceled) && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
}

func TestABadPoolIsAnErrorAndLeavesNothing(t *testing.T) {
	bound(t)
	fds, procs := leakcheck.Descriptors(), runtime.GOMAXPROCS(0)
	log := &logbook{}
	boom := errors.New("boom")
	for want, cfg := range map[string]executor.PoolConfig{
		"Executor.CPU":        {Executor: executor.Config{CPU: 1}},
		"Executor.Driver":     {Executor: executor.Config{Driver: &counting{}}},
		"Config.Tick":         {Executor: executor.Config{Tick: -1}},
		"Unbound(-2)":         {Placement: executor.Unbound(-2)},
		"boom":                {Placement: executor.Unbound(3), OpenDriver: failingAt(2, boom)},
		"CPU 9999 may not be": {Placement: executor.OnCPUs(9999)},
	} {
		if want == "CPU 9999 may not be" && runtime.GOOS != "linux" {
			continue
		}
		cfg.Executor.Log = slog.New(slog.NewTextHandler(log, nil))
		if p, err := executor.NewPool(cfg); p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if err := executor.RunPool(cfg, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("RunPool: %s: %v", want, err)
		}
	}
	if n := leakcheck.Descriptors(); n != fds {
		t.Errorf("%d descriptors, before %d", n, fds)
	}
	if n := runtime.GOMAXPROCS(0); n != procs {
		t.Errorf("GOMAXPROCS is %d, was %d", n, procs)
	}
}

// failingAt opens drivers but for number n.
func failingAt(n int, err error) func(int) (driver.Driver, error) {
	return func(i int) (driver.Driver, error) {
		if i == n {
			return nil, err
		}
		return executor.OpenDriver("")
	}
}

func TestAPoolLeavesRoomInGOMAXPROCS(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("there is one thread, and GOMAXPROCS stays 1")
	}
	before := runtime.GOMAXPROCS(0)
	n := max(before, runtime.NumCPU()) + 1
	want := n + n/3 + 1
	p, log := pool(t, n)
	if got := runtime.GOMAXPROCS(0); got != want {
		t.Errorf("GOMAXPROCS is %d with %d executors; want %d", got, n, want)
	}
	if log.Count("executors share") != 1 && runtime.GOOS == "linux" {
		t.Errorf("no warning: %s", log)
	}
	q, _ := pool(t, 1, func(c *executor.PoolConfig) { c.Procs = want + 2 })
	if got := runtime.GOMAXPROCS(0); got != want+2 {
		t.Errorf("GOMAXPROCS is %d; want %d", got, want+2)
	}
	p.Close()
	if got := runtime.GOMAXPROCS(0); got != want+2 {
		t.Errorf("GOMAXPROCS is %d while a pool lives; want %d", got, want+2)
	}
	q.Close()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("GOMAXPROCS is %d at the end, was %d", got, before)
	}
	alone, _ := pool(t, n, func(c *executor.PoolConfig) { c.Procs = -1 })
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("GOMAXPROCS is %d; want it left alone at %d", got, before)
	}
	alone.Close()
}

func TestEachInAFiberOfThePool(t *testing.T) {
	p, _ := pool(t, 2)
	err := p.Each(t.Context(), func(ctx context.Context, i int) error {
		if i > 0 {
			return nil
		}
		return p.Each(ctx, func(ctx context.Context, _ int) error { return fiber.Yield(ctx) })
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheEndOfCtxEndsEach(t *testing.T) {
	p, _ := pool(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	err := p.Each(ctx, func(ctx context.Context, i int) error {
		if i == 0 {
			cancel()
		}
		_, err := rouse.Await(ctx, fut[int](forever()))
		return err
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "pool-0") || !strings.Contains(err.Error(), "pool-1") {
		t.Error(err)
	}
}
