package executor_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// The end of each kind of executor, and what is fair while it lasts; see stage.

func TestConformance_038_087_089_090_Close(t *testing.T) {
	eachStage(t, func(s *stage) {
		var probes []*probe
		var hs []rouse.JoinHandle[int]
		var late []*probe
		var lateHs []rouse.JoinHandle[int]
		begin := func(p *probe) {
			probes = append(probes, p)
			hs = append(hs, s.spawn(p))
		}
		var told counter
		cycle := make([]rouse.JoinHandle[int], 2) // 038: two that wait for each other
		s.inside(func() {
			for i := range 100 {
				p := forever()
				if i%5 == 0 {
					p.onDrop = func() { // spawns, wakes and aborts in a destructor
						q := forever()
						late = append(late, q)
						lateHs = append(lateHs, s.spawn(q))
						probes[(i+1)%100].waker.WakeByRef()
						hs[(i+2)%100].Abort()
					}
				}
				begin(p)
			}
			for i := range cycle {
				begin(&probe{script: func(cx *rouse.Context, _ int) (int, error) { return cycle[1-i].Poll(cx) }})
			}
			copy(cycle, hs[100:])
		})
		// Somebody elsewhere waits for each second one.
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if _, err := rouse.BlockOn(fut[int](hs[2*i])); err == rouse.ErrCanceled {
					told.Add(1)
				}
			})
		}
		if err := s.end(); err != nil {
			s.Fatal(err)
		}
		wg.Wait()
		if told.Load() != 50 {
			s.Errorf("%d of 50 joiners elsewhere were told", told.Load())
		}
		for i, p := range probes {
			if n := p.drops.Load(); n != 1 || p.polls.Load() == 0 {
				s.Fatalf("future %d was polled %d times and dropped %d times", i, p.polls.Load(), n)
			}
			if i%2 == 1 && i < 100 {
				if _, err := rouse.BlockOn(fut[int](hs[i])); err != rouse.ErrCanceled {
					s.Fatalf("task %d: %v", i, err)
				}
			}
		}
		if len(late) != 20 {
			s.Errorf("%d spawned while it closed", len(late))
		}
		for i, q := range late {
			if _, err := rouse.BlockOn(fut[int](lateHs[i])); err != rouse.ErrCanceled {
				s.Fatalf("spawned in a destructor: %v", err)
			}
			if drops := q.drops.Load(); q.polls.Load() != 0 || drops != 1 && !s.neverHad {
				s.Fatalf("spawned in a destructor: polled %d times, dropped %d times", q.polls.Load(), drops)
			}
		}
	})
}

func TestConformance_007_SpawnAfterClose(t *testing.T) {
	eachStage(t, func(s *stage) {
		if err := s.end(); err != nil {
			s.Fatal(err)
		}
		for _, at := range s.places() {
			p := forever()
			at.do(func() {
				if _, err := rouse.BlockOn(fut[int](s.spawn(p))); err != rouse.ErrCanceled {
					s.Errorf("spawned after Close: %v", err)
				}
			})
			if p.polls.Load() != 0 || p.drops.Load() != 1 && !s.neverHad {
				s.Errorf("polled %d times, dropped %d times", p.polls.Load(), p.drops.Load())
			}
			if err := s.ex.Inject(func(*rouse.Context) { s.Error("called after Close") }); err != rouse.ErrClosed {
				s.Errorf("Inject after Close: %v", err)
			}
		}
		if err := s.end(); err != nil {
			s.Errorf("closed again: %v", err)
		}
	})
}

func TestConformance_093_CloseInside(t *testing.T) {
	eachStage(t, func(s *stage) {
		said := 0
		try := func() {
			if err := s.end(); err == nil || !strings.Contains(err.Error(), "call Stop there") {
				s.Errorf("Close inside a task: %v", err)
			}
			said++
		}
		s.inside(try)
		p := forever()
		p.onDrop = try
		h := s.asleep(p)
		h.Abort()
		s.is(h, 0, rouse.ErrCanceled)
		if said != 2 {
			s.Errorf("%d tries", said)
		}
		s.is(s.spawn(after(1, 3)), 3, nil) // it lives
	})
}

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

// Wakes and spawns from elsewhere while an executor closes: nobody waits for ever,
// and every future is dropped once or has returned.
func TestConformance_088_WakesAndSpawnsDuringClose(t *testing.T) {
	for _, kind := range []string{"Local", "Fiber"} { // Shared: TestConformance_088_SharedCloseRace
		t.Run(kind, func(t *testing.T) {
			bound(t)
			for range 50 {
				h := worlds()[0].start(t)
				ctx := h.l.Context(context.Background())
				spawn := func(p *probe) rouse.JoinHandle[int] {
					if kind == "Fiber" {
						return executor.SpawnFiber(ctx, h.l, p.await)
					}
					return executor.Spawn(h.l, fut[int](p))
				}
				var wg sync.WaitGroup
				var probes [3][]*probe
				var hs [3][]rouse.JoinHandle[int]
				for i := range 3 {
					wg.Go(func() {
						for range 30 {
							p := &probe{}
							p.script = func(cx *rouse.Context, poll int) (int, error) {
								if poll == 4 {
									return 4, nil
								}
								w := cx.Waker()
								go w.Wake()
								return 0, rouse.Pending
							}
							probes[i] = append(probes[i], p)
							hs[i] = append(hs[i], spawn(p))
						}
					})
				}
				wg.Go(h.l.Stop)
				wg.Wait()
				if err := receive(t, h.quit); err != nil {
					t.Fatal(err)
				}
				for i := range hs {
					for k, j := range hs[i] {
						v, err := rouse.BlockOn(fut[int](j))
						drops := int32(0)
						if err != nil {
							drops = 1
						}
						p := probes[i][k]
						never := kind == "Fiber" && p.polls.Load() == 0
						if v != 4 && err != rouse.ErrCanceled || p.drops.Load() != drops && !never {
							t.Fatalf("%d, %v; %d polls, %d drops", v, err, p.polls.Load(), p.drops.Load())
						}
					}
				}
			}
		})
	}
}
