package rouse

import (
	"runtime/debug"
	"testing"
)

// wantNoAllocs checks that f allocates nothing once it has run a while. The
// collector is off meanwhile: it empties caches that are not ours.
func wantNoAllocs(t *testing.T, f func()) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 10 {
		f()
	}
	if n := testing.AllocsPerRun(200, f); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

// onLoopExec runs a test with a loopExec that is entered.
func onLoopExec(test func(e *loopExec)) {
	e := newLoopExec()
	e.loop.Enter()
	defer e.loop.Leave()
	test(e)
}

func TestAllocYield(t *testing.T) {
	onLoopExec(func(e *loopExec) {
		f := &yielder{n: 1 << 30}
		r, _ := NewLocalTask[int](f, e.home)
		r.Schedule()
		e.loop.Deliver(e.cx)
		wantNoAllocs(t, func() {
			e.loop.Deliver(e.cx) // where home can't be told, a yield is mail
			r := e.head
			e.head, e.tail = Runnable{}, Runnable{}
			if out := r.Run(e.cx); out != Rescheduled && out != Idle {
				t.Errorf("outcome %v", out)
			}
			e.loop.Deliver(e.cx)
		})
	})
}

// idler is pending for ever, and keeps its waker as futures should.
type idler struct{ w Waker }

func (f *idler) Poll(cx *Context) (int, error) {
	if !cx.WillWake(f.w) {
		f.w.Drop()
		f.w = cx.Waker()
	}
	return 0, Pending
}

func TestAllocWake(t *testing.T) {
	onLoopExec(func(e *loopExec) {
		f := &idler{}
		r, _ := NewLocalTask[int](f, e.home)
		r.Schedule()
		e.run()
		t.Run("at home", func(t *testing.T) {
			// The subtest's own goroutine: let it be home.
			e.loop.Leave()
			e.loop.Enter()
			defer e.loop.Leave()
			wantNoAllocs(t, func() {
				f.w.WakeByRef()
				f.w.Clone().Wake()
				f.w.Clone().Drop()
				e.run()
			})
		})
		t.Run("from elsewhere", func(t *testing.T) {
			wantNoAllocs(t, func() { // nobody is home now
				f.w.WakeByRef()
				f.w.Clone().Wake()
				f.w.Clone().Drop()
				e.run()
			})
		})
	})
	t.Run("atomic", func(t *testing.T) {
		var queue Runnable
		f := &idler{}
		r, _ := NewTask[int](f, func(r Runnable) { queue = r })
		r.Schedule()
		cx := NewExecutorContext(nil, nil)
		queue.Run(cx)
		wantNoAllocs(t, func() {
			f.w.WakeByRef()
			f.w.Clone().Wake()
			f.w.Clone().Drop()
			queue.Run(cx)
		})
	})
}

func TestAllocSpawnJoinOfAValue(t *testing.T) {
	needsGid(t) // else no cell is reused
	onLoopExec(func(e *loopExec) {
		wantNoAllocs(t, func() {
			r, j := NewLocalValue[int](num{5}, e.home)
			r.Schedule()
			j.Poll(e.cx)
			e.run()
			if v, err := j.Poll(e.cx); v != 5 || err != nil {
				t.Errorf("joined %d, %v", v, err)
			}
		})
	})
}

func TestAllocSpawnDetachOfAValue(t *testing.T) {
	needsGid(t)
	onLoopExec(func(e *loopExec) {
		wantNoAllocs(t, func() {
			r, j := NewLocalValue[int](num{5}, e.home)
			r.Schedule()
			j.Detach()
			e.run()
		})
	})
}

func TestAllocAbort(t *testing.T) {
	needsGid(t)
	onLoopExec(func(e *loopExec) {
		wantNoAllocs(t, func() {
			r, j := NewLocalValue[int](num{5}, e.home)
			r.Schedule()
			j.Abort()
			e.run()
			if _, err := j.Poll(e.cx); err != ErrCanceled {
				t.Errorf("joined %v", err)
			}
		})
	})
}

func TestAllocDerivedContext(t *testing.T) {
	var dst Context
	log := new(wakeLog)
	cx := NewContext(Waker{})
	wantNoAllocs(t, func() {
		cx.Derive(&dst, NewWaker(log)).WakeByRef()
	})
}
