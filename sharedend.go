package rouse

// How an atomic task ends: its result, its awaiter, its cell. Whoever is the last
// of runner, handle and counted wakers ends the cell.

// await makes cx's waker the awaiter, and reports whether it is; if not, the task
// has finished. Only for who has the handle.
//
// The flag says whose wants is: the handle's while it is clear; the runner's, who
// only reads, from the moment at which he finishes the task and finds it set. To
// set it the task must not have finished: that is the look after registering.
func (h *header) await(cx *Context) bool {
	if h.remote.Load()&wordAwaited != 0 {
		if cx.WillWake(h.wants) { // both sides may read
			return true
		}
		if !h.setAwaited(0) {
			return false
		}
		h.wants.Drop()
	}
	h.wants = cx.Waker()
	if h.setAwaited(wordAwaited) {
		return true
	}
	h.wants.Drop()
	h.wants = Waker{}
	return false
}

// setAwaited sets or clears the flag, unless the task has finished.
func (h *header) setAwaited(flag uint64) bool {
	for {
		w := h.remote.Load()
		if state(w)&completed != 0 {
			return false
		}
		if h.remote.CompareAndSwap(w, w&^wordAwaited|flag) { // pairs with the swap in finishShared
			return true
		}
	}
}

// finishShared makes the result known. The future is gone. failure is the panic
// that has ended the task, if one has: not one that it returned as its error, which
// is another task's, and read there.
func (h *header) finishShared(canceled bool, failure *PanicError, cx *Context) {
	if failure != nil {
		h.shared().failure = failure
	}
	var w uint64
	var out finishOutcome
	for {
		w = h.remote.Load()
		var s state
		s, out = state(w & flags).finish(canceled)
		next := w&^flags | uint64(s)
		switch {
		case failure != nil: // before the handle may see it
			failure.audience = audienceOf(w)
		case out == finishForHandle && w&wordAwaited == 0:
			next |= wordGone // nothing is left to do: one transition for two
		}
		if h.remote.CompareAndSwap(w, next) { // pairs with the Load in pollShared
			if next&wordGone != 0 {
				return
			}
			break
		}
	}
	if out == finishDetached {
		h.ops().clear()
	} else if w&wordAwaited != 0 {
		awaiter := h.wants
		awaiter.Wake()
	}
	if w := h.remote.Or(wordGone); state(w)&handle == 0 { // pairs with the swap in releaseShared
		h.end(cx)
	}
}

// audienceOf tells who sees the panic of a task that finishes with the word w.
func audienceOf(w uint64) Audience {
	switch {
	case state(w)&handle == 0:
		return Detached
	case w&wordAwaited == 0:
		return Held
	}
	return Awaited
}

// releaseShared ends the handle of the task of generation gen, and the cell if
// that was the last. cx is that of the poll in which it happens, or nil.
func (h *header) releaseShared(gen uint64, cx *Context) {
	for {
		w := h.remote.Load()
		if w>>genShift != gen || state(w)&handle == 0 {
			return
		}
		s, out := state(w & flags).release()
		next := w&^flags | uint64(s)
		var awaiter Waker
		if out == releaseFinished {
			h.ops().clear() // first: when the handle is gone the cell may be another's
		} else if w&wordAwaited != 0 {
			awaiter = h.wants
			next &^= wordAwaited
		}
		last := w&wordGone != 0 && h.abroad.load() == 0
		var keeper *pool
		if last {
			keeper = cx.poolFor(h)
			next = endOf(next, keeper != nil)
		}
		if !h.remote.CompareAndSwap(w, next) { // pairs with the Or in finishShared
			continue
		}
		switch {
		case last:
			h.ended(keeper)
		case w&wordGone != 0:
			h.end(cx) // the wakers may have gone since we looked
		}
		awaiter.Drop()
		return
	}
}

// endOf returns the word of a cell that ends, which was w. If the cell is kept
// that is the word of its next task: stale handles see that it is another's, a
// stale waker finds it scheduled, and no swap is left to do when the task begins.
func endOf(w uint64, kept bool) uint64 {
	if kept {
		return (w>>genShift+1)<<genShift | uint64(born)
	}
	return w | wordEnded
}

// end ends a cell that runner and handle have left, unless a counted waker is
// left: then deref does.
func (h *header) end(cx *Context) {
	if h.abroad.load() != 0 {
		return
	}
	if keeper := cx.poolFor(h); h.claimEnd(keeper != nil) {
		h.ended(keeper)
	}
}

// claimEnd reports whether the caller is the one to end the cell.
func (h *header) claimEnd(kept bool) bool {
	const left = uint64(completed) | wordGone
	for {
		w := h.remote.Load()
		if w&(left|uint64(handle)|wordEnded) != left {
			return false
		}
		if h.remote.CompareAndSwap(w, endOf(w, kept)) {
			return true
		}
	}
}

// ended lets go what an ended cell refers to, and gives it to keeper, if any. The
// caller has it to himself.
func (h *header) ended(keeper *pool) {
	h.shared().schedule = nil
	h.wants = Waker{}
	if keeper != nil {
		keeper.keep(h)
	}
}

// deref gives up a counted waker. The last one of a task that is over ends the
// cell, which is not kept: the caller may be anybody.
func (h *header) deref() {
	if h.abroad.change(-1) == 0 && h.claimEnd(false) {
		h.ended(nil)
	}
}
