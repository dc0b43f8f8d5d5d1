package executor_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// Beside tasks that always wake themselves, and pairs
// that wake each other, on every worker, any task that is woken from elsewhere is
// polled within the number of polls that the doc comment of Shared states. The
// polls counted are those of the worker that takes it: another may make any
// number while the system doesn't let that one run.
func TestConformance_096_097_105_SharedFairness(t *testing.T) {
	rounds := 500
	switch {
	case runtime.GOARCH == "wasm": // where the goroutine that wakes gets a turn each 13 ms
		rounds = 20
	case testing.Short():
		rounds = 100
	}
	for _, c := range []struct{ workers, spinners, pairs int }{
		{1, 1, 0}, {2, 2, 0}, {3, 3, 0}, {2, 300, 0}, {2, 1500, 0}, {1, 0, 1}, {2, 0, 4}, {2, 50, 50},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			on(t, c.workers, func(s *executor.Shared) { fairness(t, s, c.spinners, c.pairs, rounds) })
		})
	}
}

func fairness(t *testing.T, s *executor.Shared, spinners, pairs, rounds int) {
	polls := make([]struct { // by each worker
		n atomic.Int64
		_ [120]byte
	}, s.Workers())
	var over atomic.Bool
	var hs []rouse.JoinHandle[int]
	count := func(cx *rouse.Context) { polls[executor.Worker(cx)].n.Add(1) }
	for range spinners {
		hs = append(hs, executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			count(cx)
			if over.Load() {
				return 0, nil
			}
			cx.WakeByRef()
			return 0, rouse.Pending
		})))
	}
	for range pairs {
		var wakers [2]atomic.Pointer[rouse.Waker]
		for i := range wakers {
			hs = append(hs, executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				count(cx)
				if wakers[i].Load() == nil {
					w := cx.Waker()
					wakers[i].Store(&w)
				}
				if w := wakers[1-i].Load(); w != nil {
					w.WakeByRef()
				} else {
					cx.WakeByRef()
				}
				if over.Load() {
					return 0, nil
				}
				return 0, rouse.Pending
			})))
		}
	}
	waker := make(chan rouse.Waker, 1)
	type state struct {
		worker int
		polls  int64
	}
	polled := make(chan state, 1) // at the poll
	p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
		if poll == 1 {
			waker <- cx.Waker()
			return 0, rouse.Pending
		}
		n := executor.Worker(cx)
		polled <- state{n, polls[n].n.Load()}
		return 0, rouse.Pending
	}}
	h := spawnShared(s, p)
	w := receive(t, waker)
	var all []int64
	for range rounds {
		w.WakeByRef()
		before := make([]int64, len(polls)) // after the wake: preemption makes it later, never too early
		for i := range polls {
			before[i] = polls[i].n.Load()
		}
		at := receive(t, polled)
		all = append(all, at.polls-before[at.worker])
	}
	bound := int64(2*(spinners+2*pairs) + 185) // at most all others are before it
	// A goroutine that was stopped in the midst of a push excuses a few.
	slices.Sort(all)
	within := all[len(all)*98/100]
	t.Logf("polls of the worker between a wake and the poll, in %d rounds: median %d, 98th percentile %d, at most %d; the bound is %d",
		rounds, all[len(all)/2], within, all[len(all)-1], bound)
	if within > bound {
		t.Errorf("%d polls of the worker came between a wake and the poll; the bound is %d", within, bound)
	}
	over.Store(true)
	h.Abort()
	if _, err := wait(t, h); err != rouse.ErrCanceled {
		t.Error(err)
	}
	for _, h := range hs {
		wait(t, h)
	}
}

// The same for a task in a worker's own queue: it is there behind as many as the
// queue holds, each of which wakes its partner, so that the worker is tempted
// to go on with those.
func TestConformance_096_097_SharedFairnessInAWorkersQueue(t *testing.T) {
	on(t, 1, func(s *executor.Shared) {
		var over atomic.Bool
		var polls atomic.Int64
		var hs []rouse.JoinHandle[int]
		ping := func(n int) {
			for range n {
				var wakers [2]atomic.Pointer[rouse.Waker]
				for i := range wakers {
					hs = append(hs, executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
						polls.Add(1)
						w := cx.Waker()
						wakers[i].Store(&w)
						if w := wakers[1-i].Load(); w != nil {
							w.WakeByRef()
						} else {
							cx.WakeByRef()
						}
						if over.Load() {
							return 0, nil
						}
						return 0, rouse.Pending
					})))
				}
			}
		}
		ping(100) // 200 tasks, at most 100 of them runnable beside the one that runs
		// A task that yields is behind all of them each time.
		last, worst := int64(-1), int64(0)
		h := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			now := polls.Load()
			if last >= 0 {
				worst = max(worst, now-last)
			}
			last = now
			if over.Load() {
				return 0, nil
			}
			cx.WakeByRef()
			return 0, rouse.Pending
		}))
		eventually(t, "many polls", func() bool { return polls.Load() > 300_000 })
		over.Store(true)
		wait(t, h)
		for _, h := range hs {
			wait(t, h)
		}
		const bound = 8*200 + 190
		t.Logf("at most %d polls between two turns of a task that yields among 200; the bound is %d", worst, bound)
		if worst > bound || worst == 0 {
			t.Errorf("%d polls between two turns; the bound is %d", worst, bound)
		}
	})
}
