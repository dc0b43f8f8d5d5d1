package executor_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
)

// In which order tasks have their turns on each kind of executor, and how long a
// turn may be; see stage.

func TestConformance_005_009_SpawnsInside(t *testing.T) {
	eachStage(t, func(s *stage) {
		// Lazy: no child begins before its parent's poll has ended.
		var trace []string
		s.inside(func() {
			s.spawn(doing(func(*rouse.Context) {
				s.spawn(doing(func(*rouse.Context) { trace = append(trace, "child") }))
				trace = append(trace, "parent")
			}))
			trace = append(trace, "outside")
		})
		wantOrder(s, trace, "outside", "parent", "child")
		// A chain of spawns, and many of one task.
		n := 0
		var link func()
		link = func() {
			if n++; n < 2000 {
				s.spawn(doing(func(*rouse.Context) { link() }))
			}
		}
		done := make(chan struct{})
		s.inside(link)
		for s.settle(); ; s.settle() {
			h := s.spawn(doing(func(*rouse.Context) {
				if n == 2000 {
					close(done)
				}
			}))
			s.is(h, 0, nil)
			select {
			case <-done:
				return
			default:
			}
		}
	})
}

func TestConformance_095_OrderOfSpawns(t *testing.T) {
	eachStage(t, func(s *stage) {
		var order, want []int
		s.inside(func() {
			for i := range 200 {
				want = append(want, i)
				s.spawn(doing(func(*rouse.Context) { order = append(order, i) }))
			}
		})
		wantOrder(s, order, want...)
		// From elsewhere, too.
		order = nil
		s.begin(func() {
			elsewhere(s, func() {
				for i := range 200 {
					s.spawn(doing(func(*rouse.Context) { order = append(order, i) }))
				}
			})
		})
		s.settle()
		s.inside(func() {
			if !slices.Equal(order, want) {
				s.Errorf("spawned elsewhere, polled in the order %v", order)
			}
		})
	})
}

// 097: two that always wake each other do not keep a third from its turn, nor one
// that is woken from elsewhere.
func TestConformance_097_PingPongStarvesNobody(t *testing.T) {
	eachStage(t, func(s *stage) {
		const polls = 3000
		var over atomic.Bool
		var pings counter
		pair := func() {
			var wakers [2]rouse.Waker
			for i := range wakers {
				s.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
					pings.Add(1)
					if poll == 1 {
						wakers[i] = cx.Waker()
					}
					if i == 0 && poll == 1 {
						cx.WakeByRef() // until there is a partner
					} else {
						wakers[1-i].WakeByRef()
					}
					if over.Load() {
						return 0, nil
					}
					return 0, rouse.Pending
				}})
			}
		}
		last, most := int64(0), int64(0)
		var third rouse.JoinHandle[int]
		s.begin(func() {
			pair()
			third = s.spawn(&probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if now := pings.Load(); poll > 3 {
					most = max(most, now-last)
				}
				if last = pings.Load(); last > polls {
					return 0, nil
				}
				cx.WakeByRef()
				return 0, rouse.Pending
			}})
		})
		s.is(third, 0, nil)
		if most == 0 || most > 6 {
			s.Errorf("up to %d polls of a pair between two turns of a third task", most)
		}
		before := pings.Load()
		s.is(s.spawn(doing(func(*rouse.Context) {})), 0, nil) // from elsewhere
		s.Logf("at most %d polls of the pair between two turns of a third task; %d before one spawned from elsewhere", most, pings.Load()-before)
		over.Store(true)
		s.settle()
	})
}

// A poll may do so many operations and then yields, woken already; one that had
// to wait after all is given back, and a new poll begins anew.
func TestConformance_111_TheBudgetOfAPoll(t *testing.T) {
	eachStage(t, func(s *stage) {
		var spent []int
		s.is(s.spawn(&probe{script: func(cx *rouse.Context, _ int) (int, error) {
			n := 0
			for cx.Spend() {
				if n++; n%10 == 0 {
					cx.Refund() // waited, after all
					if !cx.Spend() {
						s.Error("what was given back is gone")
					}
				}
			}
			if spent = append(spent, n); len(spent) < 3 {
				return 0, rouse.Pending // Spend has woken the task
			}
			return 1, nil
		}}), 1, nil)
		wantOrder(s, spent, 128, 128, 128)
	})
}
