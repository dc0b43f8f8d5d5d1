package executor_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A worker that starts more tasks than its queue holds, and then is kept busy:
// the others take what it has and what overflowed. The first task that each of
// them takes keeps it busy, too, so that the next has to take from those; the
// last one runs everything that is left. Each task is polled exactly once.
func TestConformance_106_SharedStealing(t *testing.T) {
	for _, c := range []struct{ workers, tasks int }{{2, 100}, {2, 3000}, {4, 255}, {4, 1000}, {4, 3000}} {
		t.Run(fmt.Sprintf("%d workers, %d tasks", c.workers, c.tasks), func(t *testing.T) {
			on(t, c.workers, func(s *executor.Shared) { steal(t, s, c.tasks) })
		})
	}
}

func steal(t *testing.T, s *executor.Shared, tasks int) {
	polls := make([]atomic.Int32, tasks)
	by := make([]atomic.Int32, s.Workers())
	var busy, done atomic.Int64
	keepers := int64(s.Workers() - 2) // beside the one that starts them, and the last
	hs := make([]rouse.JoinHandle[int], tasks)
	keep := func() { // a long poll; bounded, since all else is done by others
		for done.Load() < int64(tasks)-busy.Load() {
			runtime.Gosched()
		}
	}
	first := executor.SpawnShared(s, fut[int](doing(func(cx *rouse.Context) {
		for i := range hs {
			hs[i] = executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				polls[i].Add(1)
				by[executor.Worker(cx)].Add(1)
				if n := busy.Add(1); n <= keepers {
					keep()
				} else {
					busy.Add(-1)
				}
				done.Add(1)
				return i, nil
			}))
		}
		keep()
	})))
	if _, err := wait(t, first); err != nil {
		t.Fatal(err)
	}
	for i, h := range hs {
		if v, err := wait(t, h); v != i || err != nil || polls[i].Load() != 1 {
			t.Fatalf("task %d: %d, %v after %d polls", i, v, err, polls[i].Load())
		}
	}
	all, most := int32(0), int32(0)
	for i := range by {
		all += by[i].Load()
		most = max(most, by[i].Load())
	}
	if all != int32(tasks) || int64(most) < int64(tasks)-keepers {
		t.Errorf("%d polls of %d tasks, at most %d by one worker", all, tasks, most)
	}
}

// Tasks that go on waking each other while they are taken back and forth: each is
// polled as often as it was woken, by one worker at a time.
func TestConformance_106_SharedStealingRunningTasks(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		const tasks, turns = 600, 30
		var hs []rouse.JoinHandle[int]
		root := executor.SpawnShared(s, fut[int](doing(func(cx *rouse.Context) {
			for range tasks {
				inside := new(atomic.Bool)
				hs = append(hs, executor.SpawnShared(s, fut[int](&probe{script: func(cx *rouse.Context, poll int) (int, error) {
					if inside.Swap(true) {
						t.Error("polled by two")
					}
					defer inside.Store(false)
					if poll%10 == 0 {
						runtime.Gosched() // others take
					}
					if poll == turns {
						return poll, nil
					}
					cx.WakeByRef()
					return 0, rouse.Pending
				}})))
			}
		})))
		if _, err := wait(t, root); err != nil {
			t.Fatal(err)
		}
		for _, h := range hs {
			if v, err := wait(t, h); v != turns || err != nil {
				t.Fatalf("%d, %v", v, err)
			}
		}
	})
}
