package rouse

import "unsafe"

// A stackful task is one whose poll is a switch to another stack: a fiber. For
// it an executor takes Run apart, and switches from its own loop, between Begin
// and Pause, Repeat or Finish. That matters because after a switch the CPU has
// predicted every return wrongly, so each frame between the loop and the
// switch costs about 6 ns, and Run with what it calls is five of them. A fiber
// may also switch to another one without the loop, see PassTo. The
// switch must not panic: a fiber's panic is caught on its own stack and comes
// out of the poll that Finish makes.

// NewStackfulHome is [Loop.NewHome] for stackful tasks.
func (l *Loop) NewStackfulHome(name string, schedule func(Runnable)) *Home {
	h := l.NewHome(name, schedule)
	h.stackful = true
	return h
}

// IsStackful reports whether r belongs to a home made by NewStackfulHome.
func (r Runnable) IsStackful() bool { return r.h.home != nil && r.h.home.stackful }

// Begin is the first half of Run, for a stackful task: it lends the task's
// waker by cx, and reports whether to switch to it. If not, the task had been
// aborted, and now has ended.
func (r Runnable) Begin(cx *Context) bool { return r.h.begin(cx) }

// Future returns the address of the future of a task that has begun, as it was
// given to [NewLocalTask], which must have been a pointer.
func (r Runnable) Future() unsafe.Pointer { return r.h.ops().future() }

// Pause is the second half of Run for a task that has suspended itself.
func (r Runnable) Pause(cx *Context) Outcome {
	cx.waker = Waker{}
	return r.h.pendLocal()
}

// Repeat is Pause for a task that yields: it goes to the back of its queue, as
// if it had woken itself before.
func (r Runnable) Repeat(cx *Context) Outcome {
	cx.waker = Waker{}
	r.h.state, _ = r.h.state.wake()
	return r.h.pendLocal()
}

// PassTo is, for two stackful tasks of one loop, Pause of r (or Repeat) and Begin
// of next, done by r's fiber itself before it switches straight to the other
// one. It reports false, and has done nothing, if the loop must do it: next is
// not stackful, or one of the two was aborted, and its future is to be dropped.
func (r Runnable) PassTo(next Runnable, cx *Context, repeat bool) bool {
	from, to := r.h, next.h
	if from.state&closed != 0 || !to.canSwitch() {
		return false
	}
	if repeat {
		from.state, _ = from.state.wake()
	}
	from.pendLocal()
	return to.begin(cx)
}

// FinishFor is Finish of r and Begin of next, done by r's fiber when it has come
// to its end: next may have the same stack. The result must be without error. It
// reports false, and has done nothing, if the loop must do it: next is as for
// PassTo, or who awaits r is no local task, and so the wake may do anything.
func (r Runnable) FinishFor(next Runnable, cx *Context) bool {
	w := r.h.wants
	if w.vtable != nil && w.vtable != &localTable || !next.h.canSwitch() {
		return false
	}
	r.h.pollLocal(cx, Waker{})
	return next.h.begin(cx)
}

// canSwitch reports whether begin would have a fiber get the turn.
func (h *header) canSwitch() bool {
	return h.home != nil && h.home.stackful && h.state&closed == 0 && h.remote.Load()&mailAbort == 0
}

// Finish is the second half of Run for a task that has reached its end: it
// polls the future once, for the result.
func (r Runnable) Finish(cx *Context) Outcome { return r.h.pollLocal(cx, Waker{}) }
