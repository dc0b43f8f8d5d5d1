package executor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

// Close drops every task once, and its joiner hears of it; those that
// were spawned before any run, that wait, that are runnable, that run.
func TestConformance_007_032_082_087_089_090_SharedClose(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprint(running), func(t *testing.T) {
			s, log := newShared(t)
			var probes []*probe
			var hs []rouse.JoinHandle[int]
			spawn := func(p *probe) {
				probes = append(probes, p)
				hs = append(hs, spawnShared(s, p))
			}
			for i := range 900 {
				switch i % 3 {
				case 0:
					spawn(forever())
				case 1:
					spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) {
						cx.WakeByRef()
						return 0, rouse.Pending
					}})
				default:
					p := forever()
					p.onDrop = func() { // 089: spawns and wakes in a destructor
						h := spawnShared(s, forever())
						h.Abort()
						p.waker.WakeByRef()
					}
					spawn(p)
				}
			}
			var c *crowd
			if running {
				c = runShared(s, log)
				eventually(t, "polled", func() bool { return probes[len(probes)-1].polls.Load() > 0 })
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if running {
				if err := receive(t, c.quit); err != nil {
					t.Error(err)
				}
			}
			for i, p := range probes {
				if n := p.drops.Load(); n != 1 {
					t.Fatalf("probe %d dropped %d times", i, n)
				}
				if _, err := wait(t, hs[i]); err != rouse.ErrCanceled {
					t.Fatalf("probe %d: %v", i, err)
				}
			}
			// 007, 032, 082: after the end.
			late := forever()
			if _, err := wait(t, spawnShared(s, late)); err != rouse.ErrCanceled {
				t.Error(err)
			}
			late.check(t, 0, 1)
			if err := s.Run(context.Background()); err != rouse.ErrClosed {
				t.Error(err)
			}
			if err := s.Inject(func(*rouse.Context) { t.Error("called") }); err != rouse.ErrClosed {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if text := log.String(); text != "" {
				t.Error(text)
			}
		})
	}
}

// Close, spawns and wakes at once: nobody waits for ever.
func TestConformance_088_SharedCloseRace(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for range rounds {
		s, log := newShared(t)
		c := runShared(s, log)
		var wg sync.WaitGroup
		var handles [4][]rouse.JoinHandle[int]
		for i := range handles {
			wg.Go(func() {
				for range 50 {
					p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
						if poll > 3 {
							return 0, nil
						}
						w := cx.Waker()
						go w.Wake()
						return 0, rouse.Pending
					}}
					handles[i] = append(handles[i], spawnShared(s, p))
				}
			})
		}
		runtime.Gosched()
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for _, hs := range handles {
			for _, h := range hs {
				if _, err := wait(t, h); err != nil && err != rouse.ErrCanceled {
					t.Error(err)
				}
			}
		}
		receive(t, c.quit)
	}
}

// Run ends by ctx and by Stop, and may be called again: tasks are where they were.
func TestConformance_144_SharedRunAgain(t *testing.T) {
	s, _ := newShared(t)
	var polls atomic.Int64
	h := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		n := polls.Add(1)
		if n%100 == 0 {
			s.Stop()
		}
		if n == 1000 {
			return 1, nil
		}
		cx.WakeByRef()
		return 0, rouse.Pending
	}))
	runs := 0
	for ; !h.IsFinished(); runs++ {
		if err := s.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := wait(t, h); v != 1 || err != nil || runs != 10 {
		t.Errorf("%d, %v, %d runs", v, err, runs)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Run(ctx); err != context.Canceled {
		t.Error(err)
	}
	s.Stop() // for the next run
	if err := s.Run(context.Background()); err != nil {
		t.Error(err)
	}
}

// Aborts against polls.
func TestConformance_050_054_056_SharedAbort(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		for i := range 2000 {
			p := forever()
			h := spawnShared(s, p)
			if i%2 == 0 {
				runtime.Gosched()
			}
			h.Abort()
			h.Abort()
			if _, err := wait(t, h); err != rouse.ErrCanceled {
				t.Fatal(err)
			}
			if n := p.drops.Load(); n != 1 || p.polls.Load() > 1 {
				t.Fatalf("%d drops, %d polls", n, p.polls.Load())
			}
		}
	})
}

// An injected function is called though the executor closes first.
func TestSharedInjectBeforeClose(t *testing.T) {
	s, _ := newShared(t)
	called := false
	if err := s.Inject(func(cx *rouse.Context) { called = cx.Executor() == rouse.Executor(s) }); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil || !called {
		t.Errorf("called %v, %v", called, err)
	}
}

// What may not move is refused, with a word on what to do.
func TestConformance_093_132_SharedRefuses(t *testing.T) {
	c := startShared(t)
	refused := func(want string, f rouse.Future[int]) {
		t.Helper()
		_, err := wait(t, executor.SpawnShared(c.Shared, f))
		var p *rouse.PanicError
		if !errors.As(err, &p) || !strings.Contains(fmt.Sprint(p.Value), want) {
			t.Errorf("%v; want a panic with %q", err, want)
		}
	}
	poll := func(f func(cx *rouse.Context)) rouse.Future[int] {
		return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { f(cx); return 0, nil })
	}
	local := channel.NewBounded[int](1)
	refused("use channel.MPMC there", poll(func(cx *rouse.Context) { local.PollRecv(cx) }))
	refused("on executor.Local, and await its handle", poll(func(cx *rouse.Context) { timer.Sleep(time.Second).Poll(cx) }))
	refused("a fiber can't move", poll(func(cx *rouse.Context) {
		fiber.Go(c.Context(context.Background()), func(context.Context) (int, error) { return 0, nil })
	}))
	refused("BlockOn or Await on a goroutine that runs an executor", poll(func(cx *rouse.Context) { rouse.BlockOn(rouse.Ready(1)) }))
	refused("runs one already", poll(func(cx *rouse.Context) { c.Run(context.Background()) }))
	if _, err := wait(t, executor.SpawnShared(c.Shared, rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		return 0, c.Close()
	}))); err == nil || !strings.Contains(err.Error(), "call Stop there") {
		t.Error(err)
	}
	eventually(t, "runs", func() bool { return executorRuns(c.Shared) })
	mustPanic(t, "running already", func() { c.Run(context.Background()) })
	mustPanic(t, "nil function", func() { c.Inject(nil) })
	if err := c.stop(t); err != nil {
		t.Error(err)
	}
}

func executorRuns(s *executor.Shared) bool {
	v, err := rouse.BlockOn(fut[int](spawnShared(s, after(1, 1))))
	return v == 1 && err == nil
}

// An executor that goes on keeps little of tasks that ended.
func TestConformance_035_SharedKeepsLittle(t *testing.T) {
	on(t, 2, func(s *executor.Shared) {
		var before, after runtime.MemStats
		round := func() {
			for range 20_000 {
				wait(t, executor.SpawnShared(s, rouse.Ready([64]int{})))
			}
		}
		round()
		runtime.GC()
		runtime.ReadMemStats(&before)
		round()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("the heap has grown by %d bytes", grown)
		}
	})
}
