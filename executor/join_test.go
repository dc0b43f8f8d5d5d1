package executor_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func TestConformance_039_TheResultIsHandedOutOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		j := spawn(l, after(1, 5))
		if v, err := joined(l, j); v != 5 || err != nil {
			t.Fatalf("%d, %v", v, err)
		}
		_, err := joined(l, j) // polls it again, in a task
		var p *rouse.PanicError
		if !errors.As(err, &p) {
			t.Fatalf("the second join: %v", err)
		}
		j = spawn(l, after(1, 5))
		idle(t, l)
		if v, err := rouse.BlockOn(fut[int](j)); v != 5 || err != nil {
			t.Fatalf("abroad: %d, %v", v, err)
		}
		mustPanic(t, "polled after its result", func() { rouse.BlockOn(fut[int](j)) })
	})
}

func TestConformance_040_JoinBeforeDuringAndAfterTheRun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := after(2, 9)
		var waker rouse.Waker
		p.script = func(cx *rouse.Context, poll int) (int, error) {
			if poll == 1 {
				waker = cx.Waker()
				return 0, rouse.Pending
			}
			return 9, nil
		}
		target := spawn(l, p)
		early := executor.Spawn(l, fut[int](target)) // a handle is a future
		idle(t, l)
		if early.IsFinished() {
			t.Fatal("joined what is not over")
		}
		spawn(l, doing(func(*rouse.Context) { waker.Wake() }))
		if v, err := joined(l, early); v != 9 || err != nil {
			t.Errorf("before and during: %d, %v", v, err)
		}
		late := spawn(l, after(1, 8))
		idle(t, l)
		if v, err := joined(l, late); v != 8 || err != nil {
			t.Errorf("after: %d, %v", v, err)
		}
	})
}

func TestConformance_041_JoinFromAnotherExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		a := w.start(t)
		b, _ := w.local(t)
		for range 200 {
			gate := make(chan rouse.Waker, 1)
			j := spawn(a.l, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 1 {
					gate <- cx.Waker()
					return 0, rouse.Pending
				}
				return 6, nil
			}})
			here := executor.Spawn(b, fut[int](j))
			idle(t, b) // it waits, over there
			receive(t, gate).Wake()
			if v, err := joined(b, here); v != 6 || err != nil {
				t.Fatalf("%d, %v", v, err)
			}
		}
		if err := a.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_043_067_DetachedTasksRunOn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		child := after(2, 1)
		var waker rouse.Waker
		ended := false
		child.script = func(cx *rouse.Context, poll int) (int, error) {
			if poll == 1 {
				waker = cx.Waker()
				return 0, rouse.Pending
			}
			ended = true
			return 1, nil
		}
		parent := spawn(l, doing(func(*rouse.Context) { executor.SpawnDetached(l, fut[int](child)) }))
		if _, err := joined(l, parent); err != nil {
			t.Fatal(err)
		}
		idle(t, l)
		waker.Wake()
		idle(t, l)
		if !ended {
			t.Error("the child did not outlive its parent")
		}
		child.check(t, 2, 0)
	})
}

// 044, 063, 065: handles go while tasks end.
func TestConformance_044_DetachRacesWithTheEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		var ps []*probe
		for range 500 {
			p := after(1, 1)
			ps = append(ps, p)
			j := spawn(h.l, p)
			var wg sync.WaitGroup
			wg.Go(j.Detach)
			wg.Go(j.Drop)
			wg.Wait()
		}
		for _, p := range ps {
			eventually(t, "a detached task runs", func() bool { return p.polls.Load() == 1 })
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
		for _, p := range ps {
			p.check(t, 1, 0)
		}
	})
}

func TestConformance_045_IsFinished(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var j rouse.JoinHandle[int]
		during := true
		j = spawn(l, doing(func(*rouse.Context) { during = j.IsFinished() }))
		if j.IsFinished() {
			t.Error("finished before the run")
		}
		a := j.AbortHandle()
		idle(t, l)
		if during {
			t.Error("finished during the poll")
		}
		check := func() {
			if !j.IsFinished() || !a.IsFinished() {
				t.Error("not finished after the run")
			}
		}
		check()
		elsewhere(t, check)
		if _, err := joined(l, j); err != nil {
			t.Error(err)
		}
		for range 100 { // others take its place
			spawn(l, forever()).Detach()
		}
		check()
	})
}

func TestJoinEndsWithItsCtxAndCanBeTriedAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		p := forever()
		j := spawn(h.l, p)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := j.Join(ctx); err != context.Canceled {
			t.Errorf("%v", err)
		}
		j.Abort()
		if _, err := j.Join(t.Context()); err != rouse.ErrCanceled {
			t.Errorf("%v", err)
		}
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}
