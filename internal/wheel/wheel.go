// Package wheel is the timer wheel of an executor: a set of deadlines with constant-time insert and
// remove, which hands out what is due in deadline order. It is a pure data structure: it reads no clock,
// starts no goroutine, and allocates nothing after New.
//
// # Shape
//
// Time is cut into ticks, the multiples of the tick given to New. A tick number is a 64-bit word, read as
// eleven digits of six bits (the top one has four). There is one level per digit and 64 slots per level; a
// slot is a list of entries. The wheel has a hand: a tick number that all earlier work lies behind. An
// entry for tick t hangs
//
//	at the level of the highest digit in which t differs from the hand, in the slot that this digit names.
//
// So an entry's place is a function of its tick and the hand alone. Four things follow, and the code rests
// on them:
//
//   - All digits above an entry's level equal the hand's, and its own digit is greater. Hence no level ever
//     wraps around, slots behind the hand are empty, and there is no list for deadlines too far ahead:
//     eleven levels cover every int64.
//   - Everything at one level comes before everything at the levels above it. The next slot to look at is
//     the lowest bit of the bitmap of the lowest level in use: two bit scans, however far away it is.
//   - When the hand enters a slot above level 0, all lower levels are empty, and each entry of the slot
//     moves at least one level down. An entry cascades at most ten times in its life, and only when the
//     hand gets there; an entry that is removed before that, as most timeouts are, never does.
//   - Entries for the same tick are always in the same slot, and cascades keep the order of a list, so ties
//     stay in the order of insertion.
//
// The hand jumps from occupied slot to occupied slot. A laptop that slept for a year costs the due entries
// and their cascades, not the ticks of a year.
//
// Slots are rings with a sentinel, so that Remove needs to know neither level nor slot; the sentinel knows
// which bit of which bitmap is its own, so that removing the last entry of a slot clears it at once and
// Next never reports a slot that is empty.
//
// # Source
//
// G. Varghese, T. Lauck: Hashed and Hierarchical Timing Wheels, SOSP 1987, scheme 7. Theirs advances tick
// by tick, takes the level from the distance to now, and lets each level wrap. Here the level comes from the
// digits that differ (tokio's wheel does that too), the wheel is as deep as the word, and bitmaps replace
// the stepping. A heap would give exact deadlines, but costs a logarithm per insert and remove, and timers
// are mostly removed; Linux's wheel since 2016 never cascades, but is late by up to an eighth of the delay.
//
// # What is promised
//
// The wheel's time is the last whole tick at or before the now of the latest pass (see Expire), or of New. An
// entry's effective tick is its deadline rounded up to a tick, or the wheel's time at Insert if that is later.
//
//   - Never early: an entry with deadline d comes out of Expire(now) only if now >= d.
//   - On time: it comes out in the first pass whose now is at or after its effective tick, except that what
//     is inserted during a pass and is already due waits for the next one.
//   - In order: entries come out by effective tick, and those of the same effective tick in the order of
//     their inserts. This is a total order; it holds across any jump of the clock, and the same calls with
//     the same arguments always give the same sequence.
//
// Not promised: order of deadlines within one tick; those are ties. A deadline in the past has lost its rank
// by deadline too: it ranks by when it was inserted.
//
// A pass that enters a crowded slot of a high level moves all of it within one call of Expire, about as
// much work as inserting it anew. Spreading that over calls would break the place rule above.
//
// # Who may call
//
// A Wheel and the entries in it belong to one goroutine. Nothing here is safe for concurrent use.
package wheel

import "strconv"

const (
	digit  = 6          // bits per level
	slots  = 1 << digit // per level: one bit each in a uint64
	levels = (64 + digit - 1) / digit
)

// Wheel is a set of entries ordered by deadline. Make one with New; it must not be copied.
type Wheel struct {
	scale

	at   int64  // ns: the now of the latest pass; Expire ignores anything earlier
	now  uint64 // tick: the wheel's time, at rounded down
	hand uint64 // tick: reference of every place; <= now, and == now between passes

	n    int
	over bool   // the pass is over: Expire has reported nil since it began
	busy uint16 // bit l: level l has an entry

	occupied [levels]uint64 // bit s of word l: slot s of level l has an entry

	due  Entry // sentinel: entries of this pass, in order, to be handed out before the hand moves on
	late Entry // sentinel: entries inserted when already due, in order, for the next pass

	slot [levels * slots]Entry // sentinels: level l, slot s at l*slots+s
}

// New returns an empty wheel whose time is now. Both arguments are nanoseconds: now of a monotonic clock with
// any origin, negative included; tick the resolution, to which deadlines are rounded up. It panics if
// tick is not positive. A wheel takes about 17 KB on a 64-bit machine.
func New(now, tick int64) *Wheel {
	if tick <= 0 {
		panic("rouse: timer wheel with a tick of " + strconv.FormatInt(tick, 10) + " ns; use 1 ns or more")
	}
	w := &Wheel{scale: newScale(tick), at: now, over: true}
	w.now = w.floor(now)
	w.hand = w.now
	w.due.sentinel(noSlot)
	w.late.sentinel(noSlot)
	for i := range w.slot {
		w.slot[i].sentinel(int64(i))
	}
	return w
}

// Len returns the number of entries in the wheel.
func (w *Wheel) Len() int { return w.n }

// Insert adds e with an absolute deadline in nanoseconds. Any value is legal. A deadline that, rounded up to
// a tick, is not after the wheel's time comes out in the next pass of Expire. Insert takes constant time. It
// panics if e is in a wheel already.
func (w *Wheel) Insert(e *Entry, deadline int64) {
	if e.next != nil {
		panic("rouse: timer entry inserted while it is in a wheel; call Remove first")
	}
	e.deadline = deadline
	w.n++
	// Compared with now, not with the hand: during a pass the hand lags behind, and an entry placed
	// between the two would come out in this very pass. One that re-inserts itself as due at once
	// would then keep Expire from ever reporting nil.
	if t := w.ceil(deadline); t > w.now {
		w.place(e, t)
	} else {
		w.late.push(e)
	}
}

// Remove takes e out of the wheel and reports whether it was in it. It takes constant time and is legal at
// any moment, also between two calls of Expire for an entry due in the same pass. An active entry must be in
// this wheel, not in another one: that is not checked.
func (w *Wheel) Remove(e *Entry) bool {
	if e.next == nil {
		return false
	}
	w.n--
	if i := e.unlink(); i >= 0 {
		w.vacate(i)
	}
	return true
}

// place hangs e, which has no list, into the slot for tick t; t is not before the hand.
func (w *Wheel) place(e *Entry, t uint64) {
	l := levelOf(t, w.hand)
	s := uint(t>>(l*digit)) % slots
	w.slot[l*slots+s].push(e)
	w.occupied[l] |= 1 << s
	w.busy |= 1 << l
}

// vacate notes that slot i has lost its last entry.
func (w *Wheel) vacate(i int64) {
	l, s := uint(i)/slots, uint(i)%slots
	if w.occupied[l] &^= 1 << s; w.occupied[l] == 0 {
		w.busy &^= 1 << l
	}
}
