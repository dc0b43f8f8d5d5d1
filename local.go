package rouse

import "unsafe"

// The protocol of the local kind. Everything in this file runs at home, that
// is on the loop's goroutine or in the fiber it has switched to, except the
// functions of localTable, which find out where they are.

// localTable is the waker table of every local task; its data is the header.
var localTable RawWakerVTable

func init() { // a var initializer would refer to itself through localClone
	localTable = RawWakerVTable{
		Clone:     localClone,
		Wake:      localWake,
		WakeByRef: localWakeByRef,
		Drop:      localDrop,
	}
}

func localClone(data unsafe.Pointer) RawWaker {
	h := (*header)(data)
	if h.home.loop.AtHome() {
		h.refs.add()
	} else {
		h.abroad.add()
	}
	return RawWaker{Data: data, VTable: &localTable}
}

func localWakeByRef(data unsafe.Pointer) {
	h := (*header)(data)
	if h.home.loop.AtHome() {
		h.wakeHome()
	} else {
		h.post(mailWake)
	}
}

func localWake(data unsafe.Pointer) {
	h := (*header)(data)
	if h.home.loop.AtHome() {
		h.refs.sub()
		h.wakeHome()
	} else {
		h.abroad.sub() // first: after post the task is the owner's
		h.post(mailWake)
	}
}

// Wake is w.Wake for a caller who knows that he is at home: a wake of a task of l
// then need not find out. A nil Loop is nobody's home.
func (l *Loop) Wake(w Waker) {
	if l != nil && w.vtable == &localTable {
		if h := (*header)(w.data); h.home.loop == l {
			h.refs.sub()
			h.wakeHome()
			return
		}
	}
	w.Wake()
}

func localDrop(data unsafe.Pointer) {
	h := (*header)(data)
	if h.home.loop.AtHome() {
		h.refs.sub()
	} else {
		h.abroad.sub()
	}
}

func (h *header) wakeHome() {
	s, out := h.state.wake()
	switch out {
	case wakeNoted:
		h.state = s
	case wakeSchedule:
		h.state = s
		h.home.schedule(Runnable{h})
	}
}

func (h *header) abortHome() {
	s, out := h.state.abort()
	h.state = s
	if out == abortSchedule {
		h.home.schedule(Runnable{h})
	}
}

func (h *header) releaseHome() {
	s, out := h.state.release()
	h.state = s
	switch out {
	case releaseDetached: // nobody waits any longer
		h.wants.Drop()
		h.wants = Waker{}
	case releaseFinished:
		h.ops().clear()
		h.recycle()
	}
}

// begin is the first half of running: it makes cx the Context of h's poll and
// reports whether to poll. If not, the task had been aborted, and now it has
// ended.
func (h *header) begin(cx *Context) bool {
	if cx.loop != h.home.loop {
		panic("rouse: a local task was run by another loop than its own; give it to the executor that its Home belongs to")
	}
	if h.remote.Load()&mailAbort != 0 { // it counts already; Deliver will find the task over
		h.state, _ = h.state.abort()
	}
	s, start := h.state.start()
	if start == startInvalid {
		notScheduled(h.state.String())
	}
	h.state = s
	if start == startDrop {
		h.cancelLocal()
		return false
	}
	cx.waker = Waker{unsafe.Pointer(h), &localTable}
	cx.budget = budgetPerPoll
	return true
}

// pollLocal polls a task that has begun; lent is what cx gets back then. It has
// a guard of its own, where the shared kind calls guardedPoll: a call less on
// the most taken path of all.
func (h *header) pollLocal(cx *Context, lent Waker) (out Outcome) {
	polling := true
	defer func() {
		if polling {
			h.unwound(recover(), cx, lent)
			out = Panicked
		}
	}()
	ready := h.ops().poll(cx)
	polling = false
	cx.waker = lent
	if ready {
		h.ops().letGo()
		h.finishLocal(false, true)
		return Completed
	}
	return h.pendLocal()
}

// pendLocal ends a poll that returned Pending.
func (h *header) pendLocal() Outcome {
	s, pend := h.state.pend()
	h.state = s
	switch pend {
	case pendAgain:
		h.home.schedule(Runnable{h})
		return Rescheduled
	case pendDrop:
		return h.cancelLocal()
	}
	return Idle
}

// unwound ends a task whose poll did not return but panicked with v, or called
// runtime.Goexit if v is nil.
func (h *header) unwound(v any, cx *Context, lent Waker) {
	var failure *PanicError
	if v != nil {
		failure = h.panicError(v)
		h.ops().fail(failure)
	} else {
		h.ops().fail(ErrGoexit)
	}
	cx.waker = lent
	if err := h.dropFuture(); err != nil {
		h.reportDrop(err, cx)
	}
	if h.home == nil {
		h.finishShared(false, failure, cx)
	} else {
		h.finishLocal(false, false)
	}
}

// cancelLocal drops the future of a task that start or pend has found closed.
func (h *header) cancelLocal() Outcome {
	if err := h.dropFuture(); err != nil {
		h.reportDrop(err, nil)
	}
	h.ops().fail(ErrCanceled)
	h.finishLocal(true, true)
	return Canceled
}

// cancelHome ends a task that is not running, whether it is in a queue or not.
// Who holds it in a queue must forget it.
func (h *header) cancelHome() {
	if h.state&completed != 0 {
		return // Close was first
	}
	h.state = h.state&^scheduled | closed | running
	h.cancelLocal()
}

// reportDrop tells the executor of a panic in a Drop: the loop that the task
// belongs to, or if it belongs to none whoever runs it, if he wants to know.
func (h *header) reportDrop(err *PanicError, cx *Context) {
	if h.home != nil {
		if h.home.loop.report != nil {
			h.home.loop.report(err)
		}
	} else if cx != nil {
		if ex, ok := cx.exec.(interface{ ReportDrop(*PanicError) }); ok {
			ex.ReportDrop(err)
		}
	}
}

// finishLocal makes the result, which stands in the slot, known. The future is
// gone. If reuse is set and nobody wants the result, the cell is kept for the
// next task: after that it must not be touched.
func (h *header) finishLocal(canceled, reuse bool) {
	h.home.loop.unlink(h)
	s, out := h.state.finish(canceled)
	h.state = s
	w := h.wants
	h.wants = Waker{}
	if !reuse {
		h.noteAudience(out, w)
	}
	h.remote.Or(wordDone) // pairs with the loads of foreign handles
	switch {
	case out == finishForHandle:
		w.Wake()
	case reuse:
		h.ops().clear()
		h.recycle()
	}
}

// recycle offers the cell for reuse.
func (h *header) recycle() {
	if !h.home.loop.closing { // a queue may still hold it
		h.home.pools.put(h)
	}
}
