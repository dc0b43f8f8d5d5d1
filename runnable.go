package rouse

// A Runnable is a task that is to be polled: it has been scheduled, and whoever
// holds the Runnable runs it, drops it, or passes it on. There is one Runnable
// of a task at a time; it is not safe to use it twice.
type Runnable struct{ h *header }

// Outcome says what became of a task that was run.
type Outcome uint8

const (
	// Idle: the future is pending; a wake will schedule the task again.
	Idle Outcome = iota
	// Rescheduled: the task was woken during the poll and has been passed to
	// its schedule function again, so that whatever was queued goes first.
	Rescheduled
	// Completed: the future has returned its result.
	Completed
	// Canceled: the task was aborted, its future has been dropped.
	Canceled
	// Panicked: the poll panicked; see [Runnable.Panic].
	Panicked
)

// String names the outcome.
func (o Outcome) String() string {
	return [...]string{"Idle", "Rescheduled", "Completed", "Canceled", "Panicked"}[o]
}

// IsZero reports whether r is no task.
func (r Runnable) IsZero() bool { return r.h == nil }

// Next returns the intrusive link, which belongs to whoever holds the Runnable:
// it is how a queue of tasks is kept without allocating.
func (r Runnable) Next() Runnable { return Runnable{r.h.next} }

// SetNext sets the intrusive link.
func (r Runnable) SetNext(n Runnable) { r.h.next = n.h }

// Schedule hands a new task to its schedule function; at home at once, else by
// mail. If the executor has shut down the task is cancelled instead. Call it
// once, with what NewTask, NewLocalTask or NewLocalValue returned.
func (r Runnable) Schedule() {
	h := r.h
	switch {
	case h.home == nil:
		h.shared().schedule(r)
	case h.remote.Load()&mailSpawn != 0:
		if !h.home.loop.push(h) {
			h.cancelHome() // closed, and nobody else knows the task
		}
	case h.home.loop.closing:
		h.cancelHome()
	default:
		h.home.schedule(r)
	}
}

// Run polls the task once, with its own waker lent by cx, or drops its future
// if it was aborted. A local task must be run on its loop with a Context of
// that loop. A panic of the future ends the task and is returned as the
// outcome.
func (r Runnable) Run(cx *Context) Outcome {
	h := r.h
	if h.home == nil {
		return h.runShared(cx)
	}
	lent := cx.waker
	if !h.begin(cx) {
		return Canceled
	}
	return h.pollLocal(cx, lent)
}

// Drop cancels the task instead of running it: its future is dropped here and
// now, and the awaiter gets [ErrCanceled]. A local task may be dropped on its
// loop's goroutine only, except in place of Schedule where it was made: then
// its future is dropped at home.
func (r Runnable) Drop() {
	switch h := r.h; {
	case h.home == nil:
		h.cancelShared()
	case h.remote.Load()&mailSpawn != 0:
		h.remote.Or(mailAbort) // not on the inbox yet, and delivered after mailSpawn
		r.Schedule()
	default:
		if _, out := h.state.discard(); out == startInvalid {
			panic(droppedTwice)
		}
		h.cancelHome()
	}
}

const droppedTwice = "rouse: Drop of a Runnable that is not scheduled; drop or run each Runnable once"

// Waker returns a waker of the task; it may be used before the first run.
func (r Runnable) Waker() Waker { return r.h.waker().Clone() }

// Panic returns the error of a task whose Run has just returned Panicked, else
// nil.
func (r Runnable) Panic() *PanicError {
	if r.h.home == nil {
		return r.h.shared().failure
	}
	p, _ := r.h.ops().failure().(*PanicError)
	return p
}
