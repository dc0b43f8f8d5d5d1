package rouse

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/atomics"
)

// The protocol of the atomic kind: correct from any goroutine. The state word
// is the header's remote word; every transition is a compare-and-swap, also one
// that changes nothing, so what a waker wrote before is visible to the poll
// after. A cell of this kind is not reused.

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
	c := &sharedCell[T]{fut: f}
	c.itab = itabOf(c)
	c.part.schedule = schedule
	c.remote.Store(uint64(born))
	c.abroad.n.Store(2) // the handle's reference and the task's own until it finishes
	return Runnable{&c.header}, JoinHandle[T]{&c.header, 0}
}

// shift applies a transition to the atomic word.
func shift[O any](h *header, next func(state) (state, O)) O {
	for {
		w := h.remote.Load()
		s, out := next(state(w))
		if h.remote.CompareAndSwap(w, uint64(s)) {
			return out
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

func (h *header) abortShared() {
	if shift(h, state.abort) == abortSchedule {
		h.ops().shared().schedule(Runnable{h})
	}
}

func (h *header) releaseShared() {
	switch shift(h, state.release) {
	case releaseFinished:
		h.ops().clear()
		h.deref()
	case releaseDetached:
		h.deref()
	}
}

// deref gives up a counted reference. The last one after the task's own, which
// finish gives up, lets the schedule function go.
func (h *header) deref() {
	if h.abroad.change(-1) == 0 && state(h.remote.Load())&completed != 0 {
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
		panic("rouse: Run of a Runnable that is not scheduled (" + state(h.remote.Load()).String() + "); run each Runnable once")
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
		h.finishShared(false)
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
	h.finishShared(true)
	return Canceled
}

// finishShared makes the result known. The future is gone.
func (h *header) finishShared(canceled bool) {
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
	h.deref()
}
