//go:build interleave

package executor

import (
	"fmt"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of Shared: its workers' real goroutine functions, as threads of the
// model. Work that nobody takes while everybody sleeps is a deadlock.

// modelSeats is the table in which workers find themselves. It has room for each
// thread of a model to have a place of its own, see slotOf.
var modelSeats = make([]seat, 1<<6)

func newModelShared(w *interleave.World, workers int) *Shared {
	s, err := NewShared(SharedConfig{Workers: workers, Seed: 1})
	if err != nil {
		panic(err)
	}
	clear(modelSeats)
	s.seats.table = modelSeats
	s.life.workers.Add(workers)
	for i, worker := range s.workers {
		w.Go(fmt.Sprint("worker", i), worker.main)
	}
	w.Finally(func() {
		s.life.workers.Wait()
	})
	return s
}

// A chore is polled as often as it says, waking itself in between, and ends the
// executor if it is the last.
type chore struct {
	w      *interleave.World
	s      *Shared
	left   *atomics.Int32 // chores
	polls  int
	spawns int // others that its first poll starts
	inside atomics.Int32
}

func (c *chore) Poll(cx *rouse.Context) (none struct{}, err error) {
	if c.inside.Add(1) != 1 {
		c.w.Failf("two polls at once")
	}
	defer c.inside.Add(-1)
	for ; c.spawns > 0; c.spawns-- {
		SpawnSharedDetached[struct{}](c.s, &chore{w: c.w, s: c.s, left: c.left, polls: 1})
	}
	if c.polls--; c.polls > 0 {
		cx.WakeByRef()
		return none, rouse.Pending
	}
	if c.left.Add(-1) == 0 {
		c.s.stopNow()
	}
	return none, nil
}

// An order is a chore to be spawned.
type order struct{ polls, spawns int }

// What is spawned from elsewhere, or by a task, is run though all workers are
// about to sleep.
func TestModelShared(t *testing.T) {
	for _, m := range []struct {
		name    string
		workers int
		outside []order // each by a thread
		bound   int
	}{
		{"one-worker-spawn", 1, []order{{polls: 1}}, 0},
		{"one-worker-spawn-spawn", 1, []order{{polls: 1}, {polls: 1}}, 2},
		{"two-workers-spawn", 2, []order{{polls: 1}}, 2},
		{"two-workers-spawn-spawn", 2, []order{{polls: 1}, {polls: 1}}, 1},
		{"two-workers-spawn-of-a-task", 2, []order{{polls: 2, spawns: 2}}, 1},
		{"three-workers-steal", 3, []order{{polls: 1, spawns: 3}}, 1},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := interleave.Config{Model: "executor/shared/" + m.name, Preemptions: m.bound, Random: 2000, Seed: 1, Depth: 4}
			interleave.Check(t, c, func(w *interleave.World) {
				s := newModelShared(w, m.workers)
				left := new(atomics.Int32)
				for _, o := range m.outside {
					left.Add(1 + int32(o.spawns))
				}
				for _, o := range m.outside {
					w.Go("spawner", func() {
						SpawnSharedDetached[struct{}](s, &chore{w: w, s: s, left: left, polls: o.polls, spawns: o.spawns})
					})
				}
				w.Finally(func() {
					if left.Load() != 0 || s.hasWork() {
						w.Failf("%d are left", left.Load())
					}
				})
			})
		})
	}
}

// A poll that takes long, here until the other task is polled, holds up nothing
// that another worker could do.
func TestModelSharedLongPoll(t *testing.T) {
	c := interleave.Config{Model: "executor/shared/long-poll", Preemptions: 2}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newModelShared(w, 2)
		var polled atomics.Int32
		for range 2 {
			w.Go("spawner", func() {
				SpawnSharedDetached[struct{}](s, rouse.FutureFunc[struct{}](func(*rouse.Context) (none struct{}, err error) {
					if polled.Add(1) == 2 {
						s.stopNow()
					}
					for polled.Load() < 2 {
						atomics.Spinning()
					}
					return none, nil
				}))
			})
		}
	})
}

// The same with tasks that a task has spawned, on three workers: what a thief has
// taken beside the task that he polls, another takes from him.
func TestModelSharedStolen(t *testing.T) {
	c := interleave.Config{Model: "executor/shared/stolen", Preemptions: 1, Random: 2000, Seed: 1}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newModelShared(w, 3)
		var polled atomics.Int32
		together := func(before func()) rouse.Future[struct{}] {
			return rouse.FutureFunc[struct{}](func(*rouse.Context) (none struct{}, err error) {
				before()
				if polled.Add(1) == 3 {
					s.stopNow()
				}
				for polled.Load() < 3 {
					atomics.Spinning()
				}
				return none, nil
			})
		}
		w.Go("spawner", func() {
			SpawnSharedDetached(s, together(func() {
				for range 2 {
					SpawnSharedDetached(s, together(func() {}))
				}
			}))
		})
	})
}

// The run is stopped while something is spawned: every worker ends.
func TestModelSharedStop(t *testing.T) {
	c := interleave.Config{Model: "executor/shared/stop-spawn", Preemptions: 2}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newModelShared(w, 2)
		w.Go("stopper", s.stopNow)
		w.Go("spawner", func() {
			SpawnSharedDetached[struct{}](s, rouse.FutureFunc[struct{}](func(*rouse.Context) (none struct{}, err error) { return none, nil }))
		})
	})
}

// A task that sleeps is woken from elsewhere, while the workers go to sleep.
func TestModelSharedWake(t *testing.T) {
	c := interleave.Config{Model: "executor/shared/wake-park", Preemptions: 2, Random: 2000, Seed: 1}
	interleave.Check(t, c, func(w *interleave.World) {
		s := newModelShared(w, 2)
		var news atomics.Bool
		var waker atomics.Pointer[rouse.Waker]
		SpawnSharedDetached[struct{}](s, rouse.FutureFunc[struct{}](func(cx *rouse.Context) (none struct{}, err error) {
			if !news.Load() {
				wk := cx.Waker()
				waker.Store(&wk)
				if !news.Load() {
					return none, rouse.Pending
				}
			}
			s.stopNow()
			return none, nil
		}))
		w.Go("teller", func() {
			news.Store(true)
			if wk := waker.Swap(nil); wk != nil {
				wk.Wake()
			}
		})
	})
}
