package executor_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A crowd is a Shared that runs.
type crowd struct {
	*executor.Shared
	log  *logbook
	quit chan error
}

// newShared makes a Shared that does not run, and is closed at the end.
func newShared(t testing.TB, set ...func(*executor.SharedConfig)) (*executor.Shared, *logbook) {
	t.Helper()
	bound(t)
	log := &logbook{}
	cfg := executor.SharedConfig{Workers: 3, Name: "tested", Log: slog.New(slog.NewTextHandler(log, nil))}
	for _, f := range set {
		f(&cfg)
	}
	s, err := executor.NewShared(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, log
}

// startShared makes one and runs it.
func startShared(t testing.TB, set ...func(*executor.SharedConfig)) *crowd {
	t.Helper()
	s, log := newShared(t, set...)
	return runShared(s, log)
}

func runShared(s *executor.Shared, log *logbook) *crowd {
	c := &crowd{s, log, make(chan error, 1)}
	go func() {
		defer func() {
			if v := recover(); v != nil {
				c.quit <- v.(error)
			}
		}()
		c.quit <- s.Run(context.Background())
	}()
	return c
}

func (c *crowd) stop(t testing.TB) error {
	t.Helper()
	c.Stop()
	return receive(t, c.quit)
}

func spawnShared(s *executor.Shared, p *probe) rouse.JoinHandle[int] {
	return executor.SpawnShared(s, fut[int](p))
}

func wait[T any](t testing.TB, h rouse.JoinHandle[T]) (T, error) {
	t.Helper()
	return rouse.BlockOn(fut[T](h))
}

// on makes a Shared that runs, and that must have nothing to complain about.
func on(t testing.TB, workers int, test func(s *executor.Shared)) {
	t.Helper()
	c := startShared(t, func(cfg *executor.SharedConfig) { cfg.Workers = workers })
	test(c.Shared)
	if err := c.stop(t); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if text := c.log.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

// eachCount runs a test with one worker, with some, and with more than there are
// CPUs.
func eachCount(t *testing.T, test func(t *testing.T, s *executor.Shared)) {
	for _, n := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			on(t, n, func(s *executor.Shared) { test(t, s) })
		})
	}
}

func TestSharedConfig(t *testing.T) {
	for _, cfg := range []executor.SharedConfig{{Workers: -1}, {Workers: 1 << 20}, {BlockingWorkers: -1}} {
		if _, err := executor.NewShared(cfg); err == nil || !strings.Contains(err.Error(), "rouse: SharedConfig.") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	s, err := executor.NewShared(executor.SharedConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Workers() != runtime.GOMAXPROCS(0) || s.Name() != "shared" {
		t.Errorf("%d workers, name %q", s.Workers(), s.Name())
	}
	if a, b := s.Now(), s.Now(); a < 0 || b < a {
		t.Errorf("clock: %d, %d", a, b)
	}
	if a, b := s.Rand(), s.Rand(); a == b {
		t.Error("the same number twice")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Spawned from elsewhere, under load; joined, or detached, at any time.
func TestConformance_001_004_006_009_040_044_SharedSpawnAndJoin(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		var probes []*probe
		var hs []rouse.JoinHandle[int]
		for i := range 5000 {
			p := after(1, i)
			probes = append(probes, p)
			hs = append(hs, spawnShared(s, p))
		}
		for i, h := range hs {
			if i%7 == 0 {
				h.Detach()
				continue
			}
			if v, err := wait(t, h); v != i || err != nil {
				t.Fatalf("task %d: %d, %v", i, v, err)
			}
		}
		eventually(t, "all were polled", func() bool {
			return !slices.ContainsFunc(probes, func(p *probe) bool { return p.polls.Load() != 1 })
		})
	})
}

// Tasks that spawn tasks and wait for them.
func TestConformance_009_SharedChained(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		var chain func(n int) rouse.Future[int]
		chain = func(n int) rouse.Future[int] {
			var h rouse.JoinHandle[int]
			spawned := false
			return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				if n == 0 {
					return 0, nil
				}
				if !spawned {
					h = executor.SpawnShared(s, chain(n-1))
					spawned = true
				}
				v, err := h.Poll(cx)
				return v + 1, err
			})
		}
		if v, err := wait(t, executor.SpawnShared(s, chain(2000))); v != 2000 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

// The context knows the executor, and the worker has a number.
func TestSharedContext(t *testing.T) {
	on(t, 3, func(s *executor.Shared) {
		h := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			if cx.Executor() != rouse.Executor(s) {
				t.Error("another executor")
			}
			if cx.Now() < 0 {
				t.Error("negative time")
			}
			cx.Rand()
			if !rouse.OnLoop() {
				t.Error("a worker counts as a goroutine that may block")
			}
			return executor.Worker(cx), nil
		}))
		if n, err := wait(t, h); n < 0 || n >= 3 || err != nil {
			t.Errorf("worker %d, %v", n, err)
		}
		if n := executor.Worker(rouse.NewContext(rouse.Waker{})); n != -1 {
			t.Errorf("no worker is %d", n)
		}
		done := make(chan int, 1)
		if err := s.Inject(func(cx *rouse.Context) { done <- executor.Worker(cx) }); err != nil {
			t.Error(err)
		}
		if n := receive(t, done); n < 0 {
			t.Error("injected function on no worker")
		}
	})
}

// Await with a ctx that carries the executor polls there.
func TestSharedAwait(t *testing.T) {
	on(t, 2, func(s *executor.Shared) {
		ctx := s.Context(t.Context())
		if executor.SharedFromContext(ctx) != s || executor.SharedFromContext(t.Context()) != nil {
			t.Error("SharedFromContext")
		}
		polls := 0
		v, err := rouse.Await(ctx, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			if polls++; polls < 4 {
				cx.WakeByRef()
				return 0, rouse.Pending
			}
			return executor.Worker(cx), nil
		}))
		if v < 0 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		ctx, cancel := context.WithCancel(ctx)
		p := forever()
		p.script = func(cx *rouse.Context, _ int) (int, error) { cancel(); return 0, rouse.Pending }
		if _, err := rouse.Await(ctx, fut[int](p)); err != context.Canceled {
			t.Error(err)
		}
		eventually(t, "dropped", func() bool { return p.drops.Load() == 1 })
		v, err = executor.Blocking(s.Context(t.Context()), func() (int, error) { return 7, nil })
		if v != 7 || err != nil {
			t.Errorf("Blocking: %d, %v", v, err)
		}
		h := executor.SpawnShared(s, executor.BlockingFuture(s, func() (int, error) { return 8, nil }))
		if v, err := wait(t, h); v != 8 || err != nil {
			t.Errorf("BlockingFuture: %d, %v", v, err)
		}
	})
}

// Handles and wakes cross between a Local and a Shared.
func TestConformance_041_SharedAndLocal(t *testing.T) {
	l := worlds()[0].start(t).l
	on(t, 2, func(s *executor.Shared) {
		there := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { return 3, nil }))
		back := executor.Spawn(l, fut[int](there))
		again := executor.SpawnShared(s, fut[int](back))
		if v, err := wait(t, again); v != 3 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}
