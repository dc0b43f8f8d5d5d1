package executor_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// The end of each kind of executor; see stage.

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
