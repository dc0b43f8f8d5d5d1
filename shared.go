package rouse

import "unsafe"

// The protocol of the atomic kind: correct from any goroutine. The state word
// is the header's remote word; every transition is a compare-and-swap, also one
// that changes nothing, so what a waker wrote before is visible to the poll
// after. Above the flags it has the generation of the cell, which handles
// compare. A cell is reused if it was made by NewTaskIn, and when nobody holds it
// any more: the runner is through with it (wordGone), the handle has gone, and no
// counted waker is left; see sharedend.go.

const (
	// wordGone is set by the runner when it will touch the task no more. Who of
	// runner and handle comes last finds the other gone, and ends the cell.
	wordGone = 1 << 5
	// wordEnded is set by who ends the cell, so that only one does.
	wordEnded = 1 << 6
	// wordAwaited is set by the handle when its waker stands in wants, see await.
	wordAwaited = 1 << 7

	flags = 1<<genShift - 1
)

// shift applies a transition to the atomic word.
func shift[O any](h *header, next func(state) (state, O)) O {
	out, _ := shiftIn(h, anyGen, next)
	return out
}

// anyGen is no task's generation.
const anyGen = ^uint64(0)

// shiftIn is shift for a task of generation gen. It returns the word before; if
// that is of another generation nothing has changed.
func shiftIn[O any](h *header, gen uint64, next func(state) (state, O)) (out O, before uint64) {
	for {
		w := h.remote.Load()
		if gen != anyGen && w>>genShift != gen {
			return out, w
		}
		var s state
		s, out = next(state(w & flags))
		if h.remote.CompareAndSwap(w, w&^flags|uint64(s)) {
			return out, w
		}
	}
}

// sharedTable is the waker table of every atomic task; its data is the header.
var sharedTable RawWakerVTable

func init() { // as for localTable
	sharedTable = RawWakerVTable{
		Clone: func(data unsafe.Pointer) RawWaker {
			(*header)(data).abroad.add()
			return RawWaker{Data: data, VTable: &sharedTable}
		},
		Wake: func(data unsafe.Pointer) {
			h := (*header)(data)
			h.deref() // first: after the wake the task may be another's
			h.wakeShared()
		},
		WakeByRef: func(data unsafe.Pointer) { (*header)(data).wakeShared() },
		Drop:      func(data unsafe.Pointer) { (*header)(data).deref() },
	}
}

func (h *header) wakeShared() {
	if shift(h, state.wake) == wakeSchedule {
		h.shared().schedule(Runnable{h})
	}
}

func (h *header) abortShared(gen uint64) {
	if out, w := shiftIn(h, gen, state.abort); out == abortSchedule && w>>genShift == gen {
		h.shared().schedule(Runnable{h})
	}
}

// waker returns the waker of h, uncounted.
func (h *header) waker() Waker {
	if h.home != nil {
		return Waker{unsafe.Pointer(h), &localTable}
	}
	return Waker{unsafe.Pointer(h), &sharedTable}
}

// runShared is Runnable.Run for the atomic kind.
func (h *header) runShared(cx *Context) Outcome {
	if h.shared().schedule == nil {
		notScheduled("ended")
	}
	switch shift(h, state.start) {
	case startInvalid:
		notScheduled(state(h.remote.Load()).String())
	case startDrop:
		return h.cancelRunning(cx)
	}
	lent := cx.waker
	cx.waker = h.waker()
	cx.budget = budgetPerPoll
	end := h.guardedPoll(cx, lent)
	cx.waker = lent
	switch end {
	case pollReady:
		h.ops().letGo()
		h.finishShared(false, nil, cx)
		return Completed
	case pollUnwound:
		return Panicked
	}
	schedule := h.shared().schedule
	switch shift(h, state.pend) {
	case pendAgain:
		schedule(Runnable{h})
		return Rescheduled
	case pendDrop:
		return h.cancelRunning(cx)
	}
	return Idle // and perhaps another's by now: not touched again
}

type pollEnd uint8

const (
	pollUnwound pollEnd = iota // a panic or Goexit; the task has been finished
	pollPending
	pollReady
)

// guardedPoll polls the future once. A panic ends the task and nothing else;
// so does runtime.Goexit, which then goes on unwinding this goroutine: lent is
// what cx gets back first.
func (h *header) guardedPoll(cx *Context, lent Waker) (end pollEnd) {
	defer func() {
		if end == pollUnwound {
			h.unwound(recover(), cx, lent)
		}
	}()
	if h.ops().poll(cx) {
		return pollReady
	}
	return pollPending
}

// cancelShared ends a task that the caller holds the Runnable of.
func (h *header) cancelShared() {
	if h.shared().schedule == nil || shift(h, state.discard) == startInvalid {
		panic(droppedTwice)
	}
	h.cancelRunning(nil)
}

func (h *header) cancelRunning(cx *Context) Outcome {
	if err := h.dropFuture(); err != nil {
		h.reportDrop(err, cx)
	}
	h.ops().fail(ErrCanceled)
	h.finishShared(true, nil, cx)
	return Canceled
}
