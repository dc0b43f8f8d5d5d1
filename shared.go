package rouse

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The protocol of the atomic kind: correct from any goroutine. The state word
// is the header's remote word; every transition is a compare-and-swap, also one
// that changes nothing, so what a waker wrote before is visible to the poll
// after. Above the flags it has the generation of the cell, which handles
// compare. A cell is reused if it was made by NewTaskIn, and when nobody holds it
// any more: the runner is through with it (wordGone), the handle has gone, and no
// counted waker is left; see end.

const (
	// wordGone is set by the runner when it will touch the task no more. Who of
	// runner and handle comes last finds the other gone, and ends the cell.
	wordGone = 1 << 5
	// wordEnded is set by who ends the cell, so that only one does.
	wordEnded = 1 << 6

	flags = 1<<genShift - 1
)

// sharedPart is what an atomic task has beyond the header.
type sharedPart struct {
	// schedule is what wake calls. It is let go with the last reference after
	// the task has finished; nobody calls it after that, since only the
	// transition to SCHEDULED does, and that needs a task that isn't over.
	schedule func(Runnable)

	// awaiter is swapped in by the handle, which then looks at the state once
	// more, and swapped out by finish, which has set COMPLETED before: one of
	// the two sees the other.
	awaiter atomics.Pointer[Waker]

	// failure is the panic that ended the task, for the runner alone: the
	// handle may empty the slot as soon as the task has finished.
	failure *PanicError

	name *string // for reports; nil if none was given
}

// sharedCell is an atomic task.
type sharedCell[T any] struct {
	slot[T]
	part sharedPart
	fut  Future[T]
}

func (c *sharedCell[T]) poll(cx *Context) bool {
	v, err := c.fut.Poll(cx)
	return c.settle(v, err, c.fut)
}

func (c *sharedCell[T]) letGo()                 { c.fut = nil }
func (c *sharedCell[T]) future() unsafe.Pointer { return (*iface)(unsafe.Pointer(&c.fut)).data }
func (c *sharedCell[T]) shared() *sharedPart    { return &c.part }

func (c *sharedCell[T]) drop() {
	f := c.fut
	c.fut = nil
	dropFuture(f)
}

// NewTask makes a task of f: the atomic kind, which may be woken, run, aborted
// and joined from any goroutine, by one runner at a time. schedule is what a
// wake calls with the task that became runnable; it may be called from any
// goroutine, also while the task's last Run is returning, and passes the
// Runnable to whoever is to Run it. Hand the returned Runnable to
// [Runnable.Schedule], or run it.
func NewTask[T any](f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	if f == nil || schedule == nil {
		panic("rouse: NewTask needs a Future and a schedule function")
	}
	return beginShared(new(sharedCell[T]), f, schedule)
}

// NewTaskIn is NewTask for the goroutine that polls with cx, an executor's own: the
// memory of tasks that have ended in polls with it is used again, so that in the
// steady state a task costs no allocation beside its future's.
func NewTaskIn[T any](cx *Context, f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	if f == nil || schedule == nil {
		panic("rouse: NewTaskIn needs a Future and a schedule function")
	}
	c := (*sharedCell[T])(unsafe.Pointer(cx.takeCell(itabOf((*sharedCell[T])(nil)))))
	if c == nil {
		c = new(sharedCell[T])
	}
	return beginShared(c, f, schedule)
}

// beginShared gives a cell, new or used, its first state.
func beginShared[T any](c *sharedCell[T], f Future[T], schedule func(Runnable)) (Runnable, JoinHandle[T]) {
	c.itab = itabOf(c)
	c.fut = f
	c.part.schedule = schedule
	for { // a waker of the cell's last task may be swapping the word for the same
		w := c.remote.Load()
		gen := w >> genShift
		if w != 0 {
			gen++
		}
		if c.remote.CompareAndSwap(w, gen<<genShift|uint64(born)) {
			return Runnable{&c.header}, JoinHandle[T]{&c.header, gen}
		}
	}
}

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
		h.ops().shared().schedule(Runnable{h})
	}
}

func (h *header) abortShared(gen uint64) {
	if out, w := shiftIn(h, gen, state.abort); out == abortSchedule && w>>genShift == gen {
		h.ops().shared().schedule(Runnable{h})
	}
}

// releaseShared ends the handle of the task of generation gen. cx is that of the
// poll in which it happens, or nil.
func (h *header) releaseShared(gen uint64, cx *Context) {
	for {
		w := h.remote.Load()
		if w>>genShift != gen || state(w)&handle == 0 {
			return
		}
		s, out := state(w & flags).release()
		if out == releaseFinished {
			h.ops().clear() // first: when the handle is gone the cell may be another's
		}
		if h.remote.CompareAndSwap(w, w&^flags|uint64(s)) { // pairs with the Or in finishShared
			if w&wordGone != 0 {
				h.end(cx)
			}
			return
		}
	}
}

// end ends a cell that runner and handle have left. If no waker is left either,
// it is kept for reuse, or at least lets its schedule function go; else deref
// does the latter.
func (h *header) end(cx *Context) {
	if h.abroad.load() != 0 || !h.claimEnd() {
		return
	}
	part := h.ops().shared()
	part.schedule = nil
	if part.failure == nil { // the runner may still ask for it
		cx.keepCell(h)
	}
}

// claimEnd reports whether the caller is the one to end the cell.
func (h *header) claimEnd() bool {
	const left = uint64(completed) | wordGone
	for {
		w := h.remote.Load()
		if w&(left|uint64(handle)|wordEnded) != left {
			return false
		}
		if h.remote.CompareAndSwap(w, w|wordEnded) {
			return true
		}
	}
}

// deref gives up a counted waker. The last one of a task that is over lets the
// schedule function go.
func (h *header) deref() {
	if h.abroad.change(-1) == 0 && h.claimEnd() {
		h.ops().shared().schedule = nil
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
	switch shift(h, state.start) {
	case startInvalid:
		state(h.remote.Load()).notScheduled()
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
		h.finishShared(false, cx)
		return Completed
	case pollUnwound:
		return Panicked
	}
	schedule := h.ops().shared().schedule
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
	if shift(h, state.discard) == startInvalid {
		panic(droppedTwice)
	}
	h.cancelRunning(nil)
}

func (h *header) cancelRunning(cx *Context) Outcome {
	if err := h.dropFuture(); err != nil {
		h.reportDrop(err, cx)
	}
	h.ops().fail(ErrCanceled)
	h.finishShared(true, cx)
	return Canceled
}

// finishShared makes the result known. The future is gone.
func (h *header) finishShared(canceled bool, cx *Context) {
	part := h.ops().shared()
	failure, _ := h.ops().failure().(*PanicError)
	if failure != nil { // before the handle may see it
		switch {
		case state(h.remote.Load())&handle == 0:
			failure.audience = Detached
		case part.awaiter.Load() == nil:
			failure.audience = Held
		}
		part.failure = failure
	}
	out := shift(h, func(s state) (state, finishOutcome) { return s.finish(canceled) })
	if part.awaiter.Load() != nil { // pairs with the Swap in JoinHandle.Poll
		if w := part.awaiter.Swap(nil); w != nil {
			w.Wake()
		}
	}
	if out == finishDetached {
		h.ops().clear()
		if failure != nil { // the handle went just now, so nobody else has it
			failure.audience = Detached
		}
	}
	if w := h.remote.Or(wordGone); state(w)&handle == 0 { // pairs with the CompareAndSwap in releaseShared
		h.end(cx)
	}
}
