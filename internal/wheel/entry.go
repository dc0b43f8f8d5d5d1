package wheel

// Entry is one deadline, and the link by which it hangs in a wheel. It is embedded in the object that waits,
// so a timer costs no allocation and no look-up. The zero value is an entry that is in no wheel.
//
// Like its wheel, an entry belongs to one goroutine. It must not be copied or dropped while active: its
// neighbours point at it. (The collector would keep it alive; the timer would fire for nobody.)
type Entry struct {
	next, prev *Entry // both nil if and only if the entry is in no wheel

	// The deadline as given to Insert, not its tick: callers want it back. A cascade computes the tick
	// anew, which is cheaper than eight bytes more in every timer. In a sentinel this is the index of
	// its slot, or noSlot.
	deadline int64
}

// noSlot is the index of a sentinel whose list is in no bitmap.
const noSlot = -1

// Active reports whether e is in a wheel: inserted, and since then neither removed nor returned by Expire.
func (e *Entry) Active() bool { return e.next != nil }

// Deadline returns the nanoseconds given to the latest Insert, also when e is no longer active.
func (e *Entry) Deadline() int64 { return e.deadline }

// sentinel makes e the head of an empty list.
func (e *Entry) sentinel(index int64) {
	e.next, e.prev = e, e
	e.deadline = index
}

// empty reports whether the list of the sentinel e has no entry.
func (e *Entry) empty() bool { return e.next == e }

// push appends x to the list of the sentinel e. All order among ties comes from here: lists are filled at
// the tail and read from the head.
func (e *Entry) push(x *Entry) {
	last := e.prev
	x.prev, x.next = last, e
	last.next = x
	e.prev = x
}

// unlink takes e out of its list. If that leaves the list empty it returns the sentinel's index, else noSlot.
func (e *Entry) unlink() int64 {
	p, n := e.prev, e.next
	p.next, n.prev = n, p
	e.next, e.prev = nil, nil
	if p == n { // both neighbours of an only entry are the sentinel
		return p.deadline
	}
	return noSlot
}

// take moves the whole list of the sentinel from to the list of the sentinel e, which is empty.
func (e *Entry) take(from *Entry) {
	if from.empty() {
		return
	}
	e.next, e.prev = from.next, from.prev
	e.next.prev, e.prev.next = e, e
	from.next, from.prev = from, from
}
