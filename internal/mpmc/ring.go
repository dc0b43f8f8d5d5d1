package mpmc

import (
	"strconv"

	"github.com/rouse-go/rouse/internal/atomics"
)

// pad keeps what stands before and behind it on different cache lines. It is
// two lines long, because processors fetch lines in pairs.
type pad [128]byte

// closed is the bit of Ring.tail that ends all pushes.
const closed = 1 << 63

// A Ring is a queue of at most Cap elements. All methods may be called from any
// goroutine, at any time, and neither block nor allocate. Use [NewRing]; it
// must not be copied.
type Ring[T any] struct {
	_     pad
	head  atomics.Uint64 // position of the next pop
	_     pad
	tail  atomics.Uint64 // position of the next push, and closed
	_     pad
	slots []slot[T] // constant
	lap   uint64    // constant: a power of two above the capacity
	back  int       // constant: see Patience
	loose bool      // constant: see Loose
	_     pad
}

// A slot is the place of one element. The plain v belongs to whoever turn says.
type slot[T any] struct {
	turn atomics.Uint64
	v    T
}

// NewRing returns a ring for up to capacity elements, which must be at least 1.
func NewRing[T any](capacity int) *Ring[T] {
	r := new(Ring[T])
	r.init(capacity)
	return r
}

func (r *Ring[T]) init(capacity int) {
	if capacity < 1 || uint64(capacity) > 1<<31 {
		panic("rouse: mpmc: a queue with capacity " + strconv.Itoa(capacity) + "; it must be between 1 and 2^31")
	}
	r.back = defaultBack
	r.slots = make([]slot[T], capacity)
	for i := range r.slots {
		r.slots[i].turn.Store(uint64(i))
	}
	// Above, not at least: with as many positions in a lap as there are slots,
	// "full" and "free for the next lap" would be the same turn of a ring of 1.
	r.lap = 2
	for r.lap <= uint64(capacity) {
		r.lap *= 2
	}
}

// at returns the slot of a position.
func (r *Ring[T]) at(pos uint64) *slot[T] { return &r.slots[pos&(r.lap-1)] }

// after returns the position after pos.
func (r *Ring[T]) after(pos uint64) uint64 {
	i := pos & (r.lap - 1)
	if i+1 < uint64(len(r.slots)) {
		return pos + 1
	}
	return pos - i + r.lap
}

// An Outcome says what has come of an attempt.
type Outcome uint8

const (
	Done    Outcome = iota
	Refused         // full or closed, or empty
	Lost            // to another, who was quicker
)

// Push puts v at the end. It reports false if the ring is full, or closed: the
// two are told apart by Closed. It may report full while there is room, if a pop
// has begun and not ended.
func (r *Ring[T]) Push(v T) bool {
	for try := 0; ; try++ {
		if how := r.Offer(v); how != Lost {
			return how == Done
		}
		r.StandBack(try)
	}
}

// Offer is one attempt to Push.
func (r *Ring[T]) Offer(v T) Outcome {
	for {
		pos := r.tail.Load()
		if pos&closed != 0 {
			return Refused
		}
		s := r.at(pos)
		switch d := int64(s.turn.Load() - pos); { // pairs with the store in Take
		case d == 0:
			if !r.tail.CompareAndSwap(pos, r.after(pos)) { // pairs with itself, and with Close
				return Lost
			}
			s.v = v
			r.pass(s, pos+1) // pairs with the Load in Take
			return Done
		case d < 0:
			return Refused // the last lap's element is there, or on its way out
		}
		// Else others have moved tail on.
	}
}

// Pop takes the element that has been there longest. It reports false if there
// is none; it may do so while there is one, if a push has begun and not ended.
// The ring keeps no reference to what was taken.
func (r *Ring[T]) Pop() (v T, ok bool) {
	for try := 0; ; try++ {
		v, how := r.Take()
		if how != Lost {
			return v, how == Done
		}
		r.StandBack(try)
	}
}

// Take is one attempt to Pop.
func (r *Ring[T]) Take() (v T, how Outcome) {
	for {
		pos := r.head.Load()
		s := r.at(pos)
		switch d := int64(s.turn.Load() - (pos + 1)); { // pairs with the store in Offer
		case d == 0:
			if !r.head.CompareAndSwap(pos, r.after(pos)) { // pairs with itself
				return v, Lost
			}
			var none T
			v, s.v = s.v, none
			r.pass(s, pos+r.lap) // pairs with the Load in Offer
			return v, Done
		case d < 0:
			return v, Refused // nothing there, or not yet
		}
	}
}

// Close ends all pushes that have no place yet. What is in the ring, and what
// is on its way there, can still be popped. It reports whether this call was
// the first.
func (r *Ring[T]) Close() bool { return r.tail.Or(closed)&closed == 0 } // pairs with the swap in Offer

// Closed reports whether Close was called.
func (r *Ring[T]) Closed() bool { return r.tail.Load()&closed != 0 }

// Drained reports that nothing will ever be popped again: the ring is closed,
// and each element has been taken, though perhaps the last pops have not ended.
func (r *Ring[T]) Drained() bool {
	tail := r.tail.Load()
	return tail&closed != 0 && r.head.Load() == tail&^closed // closed, tail stands still
}

// Ready reports whether a Pop at this moment would find an element.
func (r *Ring[T]) Ready() bool {
	for {
		pos := r.head.Load()
		if d := int64(r.at(pos).turn.Load() - (pos + 1)); d <= 0 { // pairs with the store in Offer
			return d == 0
		}
	}
}

// Room reports whether a Push at this moment would find a place.
func (r *Ring[T]) Room() bool {
	for {
		pos := r.tail.Load()
		if pos&closed != 0 {
			return false
		}
		if d := int64(r.at(pos).turn.Load() - pos); d <= 0 { // pairs with the store in Take
			return d == 0
		}
	}
}

// Len returns how many elements there are, those on their way in included. It
// is a number that was true, or nearly so, while it was being counted.
func (r *Ring[T]) Len() int {
	head := r.head.Load() // first: tail is never behind it
	tail := r.tail.Load() &^ closed
	laps, mask := tail/r.lap-head/r.lap, r.lap-1
	n := int(laps)*len(r.slots) + int(tail&mask) - int(head&mask)
	return min(n, len(r.slots)) // more if others have pushed and popped meanwhile
}

// Cap returns the capacity.
func (r *Ring[T]) Cap() int { return len(r.slots) }
