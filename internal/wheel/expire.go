package wheel

import "math/bits"

// Expire takes one due entry out of the wheel and returns it, or nil if there is none. An executor calls it
// once per turn like this, with one reading of the clock:
//
//	for e := w.Expire(now); e != nil; e = w.Expire(now) {
//		...
//	}
//
// The calls up to nil are one pass. The loop ends whatever its body does: an entry inserted during a pass
// never comes out in that pass, not even if its deadline is long past; it waits for the next one, which may
// have the same now. So a timer that re-arms itself in the past fires once a turn. The body may insert and
// remove any entry, also the one it was given and those that this pass has yet to return.
//
// A caller may leave the loop early. The next call goes on where it left; given a later now, it starts the
// next pass by itself as soon as the old one has nothing left. For the same reason a body that passes a
// fresh reading of the clock to each call starts a new pass with every reading, and loses the bound.
//
// The clock must not run backwards. If it does, Expire returns nil until the clock has caught up.
//
// The cost is constant per entry returned, plus the cascades on the way: at most ten per entry in its life.
func (w *Wheel) Expire(now int64) *Entry {
	if now < w.at {
		return nil
	}
	for {
		if !w.due.empty() {
			e := w.due.next
			e.unlink()
			w.n--
			return e
		}
		if w.step() {
			continue
		}
		if now == w.at && !w.over {
			w.over = true
			return nil
		}
		w.begin(now)
	}
}

// begin starts a pass. The one before has nothing left, so the hand is at the wheel's time, and the entries
// that came late rank before all others: they were due before now.
func (w *Wheel) begin(now int64) {
	if now != w.at {
		w.at, w.now = now, w.floor(now)
	}
	w.over = false
	w.due.take(&w.late)
}

// step moves the hand to the next occupied slot, provided that the pass reaches it, and empties the slot: to
// the due list or to the levels below. If there is no such slot it moves the hand to the wheel's time and
// reports false.
func (w *Wheel) step() bool {
	l, s, ok := w.first()
	if !ok {
		w.hand = w.now
		return false
	}
	start := slotStart(w.hand, l, s)
	if start > w.now {
		// Legal without a cascade: start, and with it every entry, is beyond the new hand, and differs
		// from it first in the same digit as before.
		w.hand = w.now
		return false
	}
	w.hand = start
	i := l*slots + s
	w.vacate(int64(i))
	head := &w.slot[i]
	if l == 0 { // one tick, and it has come
		w.due.take(head)
		return true
	}
	e := head.next
	head.next, head.prev = head, head
	for e != head {
		next := e.next
		w.place(e, w.ceil(e.deadline)) // digit l is now the hand's: at least one level down
		e = next
	}
	return true
}

// first returns the level and slot of the earliest entries that are placed.
func (w *Wheel) first() (l, s uint, ok bool) {
	if w.busy == 0 {
		return 0, 0, false
	}
	l = uint(bits.TrailingZeros16(w.busy))
	return l, uint(bits.TrailingZeros64(w.occupied[l])), true
}

// Next returns the time, in nanoseconds, at which Expire is to be called again, and false if the wheel is
// empty. It is never later than the time at which the first entry is due, and exactly that time if the entry
// is at the lowest level (no multiple of 64 ticks between now and then) or alone in its slot. Otherwise it is
// the time at which that slot is to be cascaded: a call of Expire then may return nil, and Next is more exact
// afterwards. If entries are due already, it is the now of the latest pass.
//
// Within a pass the answer is never too late either, but may be less exact. Constant time.
func (w *Wheel) Next() (deadline int64, ok bool) {
	if !w.due.empty() || !w.late.empty() {
		return w.at, true
	}
	l, s, ok := w.first()
	if !ok {
		return 0, false
	}
	t := slotStart(w.hand, l, s)
	if head := &w.slot[l*slots+s]; l > 0 && head.next == head.prev {
		// An idle executor with one timer wakes up once for it, not once per level.
		t = w.ceil(head.next.deadline)
	}
	return max(w.ns(t), w.at), true // an earlier now than at would be ignored
}
