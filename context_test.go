package rouse

import (
	"testing"
)

// clock is an Executor that only tells the time.
type clock struct{ now int64 }

func (c clock) Now() int64                  { return c.now }
func (c clock) Rand() uint64                { return 99 }
func (c clock) Inject(func(*Context)) error { return ErrClosed }

func TestContextExecutor(t *testing.T) {
	ex := clock{now: 17}
	cx := NewExecutorContext(ex, nil)
	var dst Context
	for name, cx := range map[string]*Context{"its own": cx, "derived": cx.Derive(&dst, Waker{})} {
		if cx.Executor() != ex || cx.Now() != 17 || cx.Rand() != 99 {
			t.Errorf("%s: executor %v, now %d, rand %d", name, cx.Executor(), cx.Now(), cx.Rand())
		}
	}
}

func TestContextWithoutExecutorPanics(t *testing.T) {
	cx := NewContext(Waker{})
	if cx.Executor() != nil {
		t.Error("a Context of NewContext has an executor")
	}
	const tail = " needs an executor; run the future on one, or make the Context with NewExecutorContext"
	wantPanic(t, "rouse: Context.Now"+tail, func() { cx.Now() })
	wantPanic(t, "rouse: Context.Rand"+tail, func() { cx.Rand() })
}

func TestContextLendsItsWaker(t *testing.T) {
	c := new(countingWake)
	cx := NewContext(NewWaker(c))
	w := cx.Waker()
	if !cx.WillWake(w) || cx.WillWake(Waker{}) || c.clones != 1 {
		t.Errorf("WillWake %v, %d clones", cx.WillWake(w), c.clones)
	}
	w.Wake()
	cx.WakeByRef()
	if c.wakes != 1 || c.byRef != 1 || c.held() != 0 {
		t.Errorf("%d wakes, %d by reference, %d held", c.wakes, c.byRef, c.held())
	}
}

func TestContextDerive(t *testing.T) {
	outer, inner := new(wakeLog), new(wakeLog)
	cx := NewContext(NewWaker(outer))
	var dst Context
	child := cx.Derive(&dst, NewWaker(inner))
	if child != &dst {
		t.Error("Derive returns something else than dst")
	}
	child.Waker().Wake()
	child.WakeByRef()
	if outer.wakes.Load() != 0 || inner.wakes.Load() != 2 {
		t.Errorf("wakes: outer %d, inner %d", outer.wakes.Load(), inner.wakes.Load())
	}
	if child.WillWake(cx.Waker()) || !child.WillWake(NewWaker(inner)) {
		t.Error("the derived Context doesn't lend its own waker")
	}
	if child.TaskID() != cx.TaskID() {
		t.Error("a derived Context has another TaskID")
	}
}

func TestTaskID(t *testing.T) {
	if id := NewContext(Waker{}).TaskID(); id != 0 {
		t.Errorf("TaskID without a waker is %d", id)
	}
	bothKinds(t, func(t *testing.T, x *rig) {
		var ids []uintptr
		f := func() *probe {
			return doing(func(cx *Context) (int, error) {
				ids = append(ids, cx.TaskID())
				return 0, Pending
			})
		}
		w, _ := sleeper(x, f())
		x.spawn(f())
		w.WakeByRef()
		x.tick()
		if len(ids) != 3 || ids[0] == 0 || ids[0] == ids[1] && ids[1] == ids[2] || ids[0] != ids[1] && ids[0] != ids[2] {
			t.Errorf("ids %v", ids)
		}
	})
}

func TestContextSpend(t *testing.T) {
	log := new(wakeLog)
	cx := NewContext(NewWaker(log))
	spend := func(cx *Context) (n int) {
		for n < 1000 && cx.Spend() {
			n++
		}
		return n
	}
	if n := spend(cx); n != budgetPerPoll || log.wakes.Load() != 1 {
		t.Errorf("%d units, then %d wakes; want %d, 1", n, log.wakes.Load(), budgetPerPoll)
	}
	cx.Refund()
	cx.Refund()
	if n := spend(cx); n != 2 {
		t.Errorf("%d units after two were given back", n)
	}
	// A derived Context has the same purse, and wakes by its own waker.
	var dst Context
	inner := new(wakeLog)
	child := cx.Derive(&dst, NewWaker(inner))
	child.Refund()
	if n := spend(cx); n != 1 {
		t.Errorf("%d units after the derived Context gave one back", n)
	}
	before := log.wakes.Load()
	if child.Spend() || inner.wakes.Load() != 1 || log.wakes.Load() != before {
		t.Error("Spend of the derived Context didn't wake by its own waker")
	}
}

// A task that never has to wait yields when its budget is spent, and gets a
// whole one with the next poll.
func TestBudgetMakesATaskYield(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		done := 0
		p := doing(func(cx *Context) (int, error) {
			for done < 3*budgetPerPoll {
				if !cx.Spend() {
					return 0, Pending
				}
				done++
			}
			return done, nil
		})
		j := x.spawn(p)
		x.tick()
		p.check(t, 3, 0)
		if v, err := x.result(j); v != 3*budgetPerPoll || err != nil {
			t.Errorf("joined %d, %v", v, err)
		}
	})
}

func TestContextIsGivenBackAsItWas(t *testing.T) {
	for name, poll := range map[string]func(cx *Context) (int, error){
		"ready":   func(*Context) (int, error) { return 0, nil },
		"pending": func(*Context) (int, error) { return 0, Pending },
		"panic":   func(*Context) (int, error) { panic("thrown") },
	} {
		t.Run(name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, x *rig) {
				lent := NewWaker(new(wakeLog))
				x.cx.waker = lent
				x.spawn(doing(poll))
				x.tick()
				if x.cx.waker != lent {
					t.Error("the Context lends the task's waker after the run")
				}
			})
		})
	}
}
