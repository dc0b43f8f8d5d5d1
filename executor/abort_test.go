package executor_test

import (
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
)

// here and elsewhere are the two places that an abort may come from.
func bothPlaces(t *testing.T, test func(t *testing.T, w world, at func(f func()))) {
	eachWorld(t, func(t *testing.T, w world) {
		t.Run("here", func(t *testing.T) { test(t, w, func(f func()) { f() }) })
		t.Run("elsewhere", func(t *testing.T) {
			test(t, w, func(f func()) { elsewhere(t, f) })
		})
	})
}

func TestConformance_050_AbortBeforeTheFirstRun(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		l, _ := w.local(t)
		p := forever()
		j := spawn(l, p)
		at(j.Abort)
		if _, err := joined(l, j); err != rouse.ErrCanceled {
			t.Errorf("%v", err)
		}
		p.check(t, 0, 1)
	})
}

func TestConformance_051_055_AbortOfAnIdleTask(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		l, _ := w.local(t)
		atHome := false
		p := forever()
		p.onDrop = func() { atHome = l.AtHome() }
		j := spawn(l, p)
		idle(t, l)
		at(j.Abort)
		if p.drops.Load() != 0 {
			t.Error("dropped inside Abort")
		}
		_, err := joined(l, j)
		if err != rouse.ErrCanceled {
			t.Errorf("%v", err)
		}
		p.check(t, 1, 1) // by now the future is gone
		if !atHome && gid.Known {
			t.Error("dropped elsewhere")
		}
	})
}

func TestConformance_052_058_AbortDuringThePoll(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		for _, ready := range []bool{false, true} {
			l, _ := w.local(t)
			var j rouse.JoinHandle[int]
			p := &probe{}
			p.script = func(*rouse.Context, int) (int, error) {
				at(j.Abort)
				if p.drops.Load() != 0 {
					t.Error("dropped during the poll")
				}
				if ready {
					return 4, nil
				}
				return 0, rouse.Pending
			}
			j = spawn(l, p)
			v, err := joined(l, j)
			if ready {
				if v != 4 || err != nil { // the result wins
					t.Errorf("%d, %v", v, err)
				}
				p.check(t, 1, 0)
				continue
			}
			if err != rouse.ErrCanceled {
				t.Errorf("%v", err)
			}
			p.check(t, 1, 1)
		}
	})
}

func TestConformance_053_AbortAfterTheEnd(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		l, _ := w.local(t)
		j := spawn(l, after(1, 2))
		idle(t, l)
		at(j.Abort)
		if v, err := joined(l, j); v != 2 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		a := j.AbortHandle()
		other := spawn(l, after(1, 3)) // perhaps in the same cell
		at(a.Abort)
		if v, err := joined(l, other); v != 3 || err != nil {
			t.Errorf("a stale handle aborted another task: %d, %v", v, err)
		}
	})
}

func TestConformance_054_AbortTwice(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		for range 200 {
			p := forever()
			j := spawn(h.l, p)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(j.Abort)
			}
			wg.Wait()
			j.Abort()
			if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
				t.Fatal(err)
			}
			if n := p.drops.Load(); n != 1 {
				t.Fatalf("dropped %d times", n)
			}
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_056_AbortOfATaskParkedForEverWithoutHandle(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		l, _ := w.local(t)
		p := forever()
		j := spawn(l, p)
		a := j.AbortHandle()
		j.Detach()
		idle(t, l)
		at(a.Abort)
		idle(t, l)
		p.check(t, 1, 1)
	})
}

func TestConformance_057_AbortAndWake(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		for _, abortFirst := range []bool{false, true} {
			l, _ := w.local(t)
			p := forever()
			j := spawn(l, p)
			idle(t, l)
			if abortFirst {
				at(j.Abort)
				at(p.waker.WakeByRef)
			} else {
				at(p.waker.WakeByRef)
				at(j.Abort)
			}
			if _, err := joined(l, j); err != rouse.ErrCanceled {
				t.Errorf("%v", err)
			}
			p.check(t, 1, 1)
		}
	})
}

func TestConformance_057_AbortRacesWithWake(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		for range 300 {
			wakers := make(chan rouse.Waker, 1)
			p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					wakers <- cx.Waker()
				}
				return 0, rouse.Pending
			}}
			j := spawn(h.l, p)
			wk := receive(t, wakers)
			var wg sync.WaitGroup
			wg.Go(j.Abort)
			wg.Go(wk.Wake)
			wg.Wait()
			if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
				t.Fatal(err)
			}
			if n := p.drops.Load(); n != 1 {
				t.Fatalf("dropped %d times", n)
			}
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_063_064_065_ForgottenAndDetachedHandles(t *testing.T) {
	bothPlaces(t, func(t *testing.T, w world, at func(func())) {
		l, _ := w.local(t)
		ran := 0
		run := func() *probe { return doing(func(*rouse.Context) { ran++ }) }
		at(func() { spawn(l, run()) })          // forgotten
		at(func() { spawn(l, run()).Detach() }) // detached before the run
		j := spawn(l, run())
		idle(t, l)
		at(j.Detach) // after it
		idle(t, l)
		if ran != 3 {
			t.Errorf("%d of 3 ran", ran)
		}
		waiting := forever()
		j = spawn(l, waiting)
		idle(t, l)
		at(j.Detach)
		idle(t, l)
		waiting.waker.WakeByRef()
		idle(t, l)
		waiting.check(t, 2, 0)
	})
}

// 068b: two executors in turn on one goroutine don't run each other's tasks.
func TestConformance_068_TasksStayWithTheirExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		a, _ := w.local(t)
		b, _ := w.local(t)
		var order []string
		for range 3 {
			executor.SpawnDetached(a, fut[int](doing(func(cx *rouse.Context) {
				if executor.From(cx) != a {
					t.Error("a's task elsewhere")
				}
				order = append(order, "a")
			})))
			executor.SpawnDetached(b, fut[int](doing(func(cx *rouse.Context) {
				if executor.From(cx) != b {
					t.Error("b's task elsewhere")
				}
				order = append(order, "b")
			})))
		}
		idle(t, b)
		idle(t, a)
		wantOrder(t, order, "b", "b", "b", "a", "a", "a")
	})
}
