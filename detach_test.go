package rouse

import (
	"sync"
	"testing"
)

func TestConformance_063_DetachThenRun(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := pendingFor(1, 1)
		r, j := x.make(p)
		w := r.Waker()
		r.Schedule()
		at(j.Detach)
		at(j.Detach) // again: nothing
		x.tick()
		w.Wake()
		x.tick()
		p.check(t, 2, 0)
		at(j.Detach)
		x.tick()
		x.wantLive(0)
		if !j.IsFinished() {
			t.Error("not finished")
		}
	})
}

func TestConformance_064_DropOfARunnableCancels(t *testing.T) {
	t.Run("unscheduled", func(t *testing.T) {
		bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
			p := forever()
			var j JoinHandle[int]
			told := new(wakeLog)
			at(func() {
				r, h := x.make(p)
				j = h
				if x.loop == nil || x.loop.AtHome() {
					x.poll(j, NewWaker(told))
				}
				r.Drop() // a local task made elsewhere is dropped at home
			})
			x.tick()
			p.check(t, 0, 1)
			if _, err := x.result(j); err != ErrCanceled {
				t.Errorf("result %v", err)
			}
			x.wantLive(0)
		})
	})
	t.Run("scheduled", func(t *testing.T) {
		bothKinds(t, func(t *testing.T, x *rig) {
			p := forever()
			w, j := sleeper(x, p)
			told := new(wakeLog)
			x.poll(j, NewWaker(told))
			x.deliver()
			w.Wake()
			x.deliver()
			r, _ := x.pop()
			r.Drop()
			p.check(t, 1, 1)
			if n := told.wakes.Load(); n != 1 {
				t.Errorf("the joiner was woken %d times", n)
			}
			if _, err := x.result(j); err != ErrCanceled {
				t.Errorf("result %v", err)
			}
			x.wantLive(0)
		})
	})
}

func TestConformance_065_AForgottenHandleDetaches(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p := pendingFor(1, 1)
		w, _ := sleeper(x, p)
		x.wantLive(1)
		w.Wake()
		x.tick()
		p.check(t, 2, 0)
		x.wantLive(0)
	})
}

func TestConformance_066_AbortHandleKeepsNoFinishedFuture(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		p := pendingFor(0, 1)
		j := x.spawn(p)
		h := j.h
		a := j.AbortHandle()
		x.tick()
		j.Detach()
		x.tick()
		if h.ops().future() != nil || slotOf[int](h).out != 0 {
			t.Error("the cell keeps the future or the output")
		}
		a.Abort()
		if n := x.tick(); n != 0 || !a.IsFinished() {
			t.Errorf("%d runs", n)
		}
	})
}

func TestConformance_067_ChildSurvivesItsParent(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		child := pendingFor(1, 2)
		var w Waker
		parent := doing(func(*Context) (int, error) {
			r, j := x.make(child)
			w = r.Waker()
			r.Schedule()
			j.Detach()
			panic("the parent's")
		})
		x.spawn(parent).Detach()
		x.tick()
		w.Wake()
		x.tick()
		child.check(t, 2, 0)
		x.wantLive(0)
	})
}

func TestConformance_068_ALeakedExecutorLeaksSilently(t *testing.T) {
	bothKindsAndPlaces(t, func(t *testing.T, x *rig, at func(func())) {
		p := forever()
		w, j := sleeper(x, p)
		x.queue, x.hook = nil, nil // nobody runs it any more
		at(func() { w.WakeByRef(); j.Abort(); w.Drop(); j.Detach() })
		p.check(t, 1, 0)
	})
}

func TestConformance_068b_ATaskOfOneLoopIsNotRunByAnother(t *testing.T) {
	onRig(t, localKind, func(t *testing.T, x *rig) {
		p := forever()
		x.spawn(p)
		x.deliver()
		r, _ := x.pop()
		y := newRig(t, localKind)
		const text = "rouse: a local task was run by another loop than its own; give it to the executor that its Home belongs to"
		wantPanic(t, text, func() { r.Run(y.cx) })
		wantPanic(t, text, func() { r.Run(NewContext(Waker{})) })
		r.Run(x.cx) // no harm was done
		p.check(t, 1, 0)
	})
}

// Two loops on one goroutine, one after the other: whose turn it is decides
// what is at home.
func TestConformance_068b_TwoLoopsOnOneGoroutine(t *testing.T) {
	x, y := newRig(t, localKind), newRig(t, localKind)
	p, q := forever(), forever()
	turn := func(r *rig, f func()) {
		r.loop.Enter()
		defer r.loop.Leave()
		f()
		r.tick()
	}
	var v, w Waker
	turn(x, func() { r, _ := x.make(p); v = r.Waker(); r.Schedule() })
	turn(y, func() { r, _ := y.make(q); w = r.Waker(); r.Schedule(); v.WakeByRef() })
	p.check(t, 1, 0)
	turn(x, func() { w.WakeByRef() })
	p.check(t, 2, 0)
	q.check(t, 1, 0)
	turn(y, func() {})
	p.check(t, 2, 0)
	q.check(t, 2, 0)
}

func TestConformance_044_DetachRacesWithCompletion(t *testing.T) {
	bothEngines(t, func(t *testing.T, e *engine) {
		var hs []JoinHandle[int]
		for i := range 500 {
			var open flag
			r, j := e.make(open.wait())
			r.Schedule()
			hs = append(hs, j)
			var wg sync.WaitGroup
			wg.Go(open.raise)
			wg.Go(j.Detach)
			if i%2 == 0 {
				wg.Go(j.AbortHandle().Abort)
			}
			wg.Wait()
		}
		for _, j := range hs {
			eventually(t, "the task has ended", j.IsFinished)
		}
		e.close()
		e.wantEmpty()
		if e.loop == nil {
			for _, j := range hs {
				if s := slotOf[int](j.h); s.out != 0 || s.err != nil {
					t.Fatalf("an output that nobody wants is kept: %d, %v", s.out, s.err)
				}
			}
		}
	})
}
