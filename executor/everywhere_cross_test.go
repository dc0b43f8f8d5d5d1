package executor_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// What crosses to an executor that runs on goroutines of its own.

// A running executor, and a way to start tasks on it, from anywhere.
type running struct {
	ex    rouse.Executor
	spawn func(p *probe) rouse.JoinHandle[int]
}

// eachRunning runs a test on an executor of each kind; of Shared with some workers.
func eachRunning(t *testing.T, test func(t *testing.T, r running)) {
	for _, kind := range []string{"Local", "Fiber"} {
		t.Run(kind, func(t *testing.T) {
			bound(t)
			h := worlds()[0].start(t)
			ctx := h.l.Context(context.Background())
			test(t, running{h.l, func(p *probe) rouse.JoinHandle[int] {
				if kind == "Fiber" {
					return executor.SpawnFiber(ctx, h.l, p.await)
				}
				return executor.Spawn(h.l, fut[int](p))
			}})
			if err := h.stop(t); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("Shared", func(t *testing.T) {
		on(t, 3, func(s *executor.Shared) {
			test(t, running{s, func(p *probe) rouse.JoinHandle[int] { return spawnShared(s, p) }})
		})
	})
}

// One wake at a time, of an executor that sleeps or is about to: each is answered.
func TestConformance_079_080_WakesOfASleeper(t *testing.T) {
	rounds := 5000
	if testing.Short() {
		rounds = 500
	}
	eachRunning(t, func(t *testing.T, r running) {
		polled := make(chan rouse.Waker, 1)
		h := r.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
			polled <- cx.Waker()
			if poll > rounds {
				return poll, nil
			}
			return 0, rouse.Pending
		}})
		for range rounds {
			w := receive(t, polled)
			w.Wake()
		}
		receive(t, polled)
		if v, err := wait(t, h); v != rounds+1 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	})
}

// Many wake one, which is polled by one at a time and sees what they sent.
func TestConformance_139_NeverPolledByTwoAtOnce(t *testing.T) {
	eachRunning(t, func(t *testing.T, r running) {
		const wakers, each = 4, 1000
		var sent, inside counter
		var waker atomic.Pointer[rouse.Waker]
		plain := 0 // the race detector sees a second poller
		h := r.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
			if inside.Add(1) != 1 {
				t.Error("polled by two")
			}
			defer inside.Add(-1)
			plain++
			if poll == 1 {
				w := cx.Waker()
				waker.Store(&w)
			}
			if sent.Load() < wakers*each {
				return 0, rouse.Pending
			}
			return plain, nil
		}})
		eventually(t, "polled", func() bool { return waker.Load() != nil })
		var wg sync.WaitGroup
		for range wakers {
			wg.Go(func() {
				for range each {
					sent.Add(1)
					waker.Load().WakeByRef()
				}
			})
		}
		wg.Wait()
		if v, err := wait(t, h); v > wakers*each+1 || err != nil {
			t.Errorf("%d polls for %d wakes, %v", v, wakers*each, err)
		}
	})
}

// 033: wakers are cloned, used and dropped everywhere at once; then the task's
// memory is used again, or is not, and in either case nothing goes wrong.
func TestConformance_033_CloneAndDropEverywhere(t *testing.T) {
	eachRunning(t, func(t *testing.T, r running) {
		for range 20 {
			var over atomic.Bool
			out := make(chan rouse.Waker, 1)
			p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					out <- cx.Waker()
				}
				w := cx.Waker() // at home, meanwhile
				w.Clone().Drop()
				w.Drop()
				if over.Load() {
					return poll, nil
				}
				return 0, rouse.Pending
			}}
			h := r.spawn(p)
			w := receive(t, out)
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for i := range 200 {
						c := w.Clone()
						switch (g + i) % 3 {
						case 0:
							c.Drop()
						case 1:
							c.Wake()
						case 2:
							c.WakeByRef()
							c.Drop()
						}
					}
				})
			}
			wg.Wait()
			over.Store(true)
			w.WakeByRef()
			if _, err := wait(t, h); err != nil {
				t.Fatal(err)
			}
			w.Drop()
			if n := p.drops.Load(); n != 0 {
				t.Fatalf("a future that returned was dropped %d times", n)
			}
		}
		if l, ok := r.ex.(*executor.Local); ok { // 035
			live := make(chan int, 1)
			eventually(t, "all tasks have gone", func() bool {
				if err := l.Inject(func(*rouse.Context) { live <- l.Live() }); err != nil {
					t.Fatal(err)
				}
				return receive(t, live) == 0
			})
		}
	})
}

// A handle is joined on another executor, of each kind, which is woken there.
func TestConformance_041_JoinAcross(t *testing.T) {
	eachRunning(t, func(t *testing.T, a running) {
		l := worlds()[0].start(t).l
		on(t, 2, func(s *executor.Shared) {
			ctx := l.Context(context.Background())
			for i := range 200 {
				release := make(chan rouse.Waker, 1)
				var open atomic.Bool
				h := a.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
					if open.Load() {
						return i, nil
					}
					if poll == 1 {
						release <- cx.Waker()
					}
					return 0, rouse.Pending
				}})
				join := &probe{script: func(cx *rouse.Context, _ int) (int, error) { return h.Poll(cx) }}
				var there rouse.JoinHandle[int]
				switch i % 3 {
				case 0:
					there = executor.Spawn(l, fut[int](join))
				case 1:
					there = spawnShared(s, join)
				case 2:
					there = executor.SpawnFiber(ctx, l, func(ctx context.Context) (int, error) { return h.Join(ctx) })
				}
				w := receive(t, release)
				if i%2 == 0 {
					runtime.Gosched()
				}
				open.Store(true)
				w.Wake()
				if v, err := wait(t, there); v != i || err != nil {
					t.Fatalf("%d, %v; want %d", v, err, i)
				}
			}
		})
	})
}

// 068b: what an executor has started no other polls, whoever wakes it.
func TestConformance_068b_TasksStayWhereTheyAre(t *testing.T) {
	eachRunning(t, func(t *testing.T, a running) {
		eachRunning(t, func(t *testing.T, b running) {
			const rounds = 300
			var wakers [2]atomic.Pointer[rouse.Waker]
			var hs [2]rouse.JoinHandle[int]
			for i, r := range []running{a, b} {
				hs[i] = r.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
					if cx.Executor() != r.ex {
						t.Error("polled by another executor")
					}
					if poll == 1 {
						w := cx.Waker()
						wakers[i].Store(&w)
					}
					if w := wakers[1-i].Load(); w != nil {
						w.WakeByRef()
					}
					if poll >= rounds {
						return poll, nil
					}
					return 0, rouse.Pending
				}})
			}
			for i := range hs { // the last wake of one may come after the other's end
				for !hs[i].IsFinished() {
					if w := wakers[i].Load(); w != nil {
						w.WakeByRef()
					}
					runtime.Gosched()
				}
				if v, err := wait(t, hs[i]); v < rounds || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			}
		})
	})
}

// Spawned from many goroutines, idle and under load, before a run and in it.
func TestConformance_006_SpawnFromMany(t *testing.T) {
	eachRunning(t, func(t *testing.T, r running) {
		for _, load := range []bool{false, true} {
			var over atomic.Bool
			if load {
				r.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) {
					if over.Load() {
						return 0, nil
					}
					cx.WakeByRef()
					return 0, rouse.Pending
				}})
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for i := range 100 {
						p := after(1, i)
						if v, err := wait(t, r.spawn(p)); v != i || err != nil || p.polls.Load() != 1 {
							t.Errorf("%d, %v after %d polls", v, err, p.polls.Load())
						}
					}
				})
			}
			wg.Wait()
			over.Store(true)
		}
	})
}

// Nothing is polled before the executor runs, and what was spawned then is kept.
func TestConformance_002_141_143_SharedBeforeTheRun(t *testing.T) {
	s, log := newShared(t)
	p, cancelled := after(1, 11), forever()
	h, c := spawnShared(s, p), spawnShared(s, cancelled)
	var many []rouse.JoinHandle[int]
	for i := range 1000 {
		many = append(many, spawnShared(s, after(1, i)))
	}
	c.Abort()
	for range 100 {
		runtime.Gosched()
	}
	p.check(t, 0, 0)
	if cancelled.polls.Load() != 0 || h.IsFinished() {
		t.Error("polled before the run")
	}
	crowd := runShared(s, log)
	if v, err := wait(t, h); v != 11 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	if _, err := wait(t, c); err != rouse.ErrCanceled {
		t.Error(err)
	}
	cancelled.check(t, 0, 1)
	for i, h := range many {
		if v, err := wait(t, h); v != i || err != nil {
			t.Fatalf("%d, %v; want %d", v, err, i)
		}
	}
	if err := crowd.stop(t); err != nil {
		t.Error(err)
	}
}
