// Package spsc is a bounded queue between one producer and one consumer, each on
// a core of its own: two counters and a ring, no lock, no read-modify-write.
//
// The queue is Lamport's ("Proving the Correctness of Multiprocess Programs",
// 1977). That each side keeps a copy of the other's counter and looks at the
// real one only when the copy says full or empty, and that the consumer makes
// room known in batches, is MCRingBuffer's (Lee, Bu and Chandranmenon, "A
// Lock-Free, Cache-Efficient Multi-Core Synchronization Mechanism", IPDPS 2010):
// in a steady stream a line changes cores once for many elements.
package spsc

import "github.com/rouse-go/rouse/internal/atomics"

// line is two cache lines, since processors fetch them in pairs.
const line = 128

// A Ring holds up to Cap elements. Make it with New. The methods say which side
// may call them; both sides may change goroutines if that is synchronized.
type Ring[T any] struct {
	buf  []T // of a power of two
	mask uint64
	cap  uint64
	lazy uint64 // how many elements are taken before their room is made known

	closed atomics.Bool // by the producer: nothing will come any more
	gone   atomics.Bool // by the consumer: nothing will be taken any more
	_      [line]byte

	// The producer's.
	put     uint64 // elements put in, ever
	roomTo  uint64 // what taken said when last looked at
	_       [line]byte
	visible atomics.Uint64 // put, for the consumer
	_       [line]byte

	// The consumer's.
	got    uint64 // elements taken out, ever
	goodTo uint64 // what visible said when last looked at
	told   uint64 // what taken says
	_      [line]byte
	taken  atomics.Uint64 // got, for the producer
	_      [line]byte

	// hungry says that the producer waits for room.
	hungry atomics.Uint32
	_      [line]byte
}

// New returns a ring for up to capacity elements, at least 1.
func New[T any](capacity int) *Ring[T] {
	size := 1
	for size < capacity {
		size *= 2
	}
	return &Ring[T]{buf: make([]T, size), mask: uint64(size - 1), cap: uint64(capacity), lazy: uint64(max(1, capacity/4))}
}

// Cap returns the capacity. Either side.
func (r *Ring[T]) Cap() int { return int(r.cap) }

// Push puts v in, or reports false: the ring is full. The producer's.
func (r *Ring[T]) Push(v T) bool {
	if r.room() == 0 {
		return false
	}
	r.buf[r.put&r.mask] = v
	r.put++
	r.visible.Store(r.put) // pairs with the Load in some: the element is there
	return true
}

// PushMany puts in as many of vs as there is room for, makes them visible all
// at once, and returns their number. The producer's.
func (r *Ring[T]) PushMany(vs []T) int {
	n := len(vs)
	if n == 0 {
		return 0
	}
	if uint64(n) > r.roomTo+r.cap-r.put {
		n = min(n, int(r.look()))
	}
	if n == 0 {
		return 0
	}
	for _, v := range vs[:n] {
		r.buf[r.put&r.mask] = v
		r.put++
	}
	r.visible.Store(r.put) // pairs with the Load in some
	return n
}

// room returns how many elements can be put in; it may be more if it says 1 or
// more.
func (r *Ring[T]) room() uint64 {
	if n := r.roomTo + r.cap - r.put; n > 0 {
		return n
	}
	return r.look()
}

func (r *Ring[T]) look() uint64 {
	r.roomTo = r.taken.Load() // pairs with the Store in tell: the slots are free
	return r.roomTo + r.cap - r.put
}

// AskRoom announces that the producer waits for room, and reports true if it
// should not, because there is enough already or the consumer is gone. Else the
// consumer that makes half of the ring free is told to wake the producer. Until
// then nothing may be put in. The producer's.
func (r *Ring[T]) AskRoom() bool {
	r.hungry.Store(1) // pairs with the Load in tell
	return r.enough(r.look()) || r.gone.Load()
}

// Spacious reports whether a producer that waits for room should wait no longer:
// it is AskRoom without the announcement. The producer's.
func (r *Ring[T]) Spacious() bool { return r.enough(r.look()) || r.gone.Load() }

// enough is half of the capacity: if each single place woke a producer, the two
// sides would run in lockstep, at the price of a wake for each element.
func (r *Ring[T]) enough(room uint64) bool { return r.cap-room <= r.cap/2 }

// Close says that nothing will be put in any more. The producer's.
func (r *Ring[T]) Close() { r.closed.Store(true) } // pairs with the Load in Drained

// Gone reports whether the consumer has left. The producer's.
func (r *Ring[T]) Gone() bool { return r.gone.Load() } // pairs with the Store in Leave

// Pop takes the oldest element out; ok is false if there is none. wake says that
// the producer waits for room and has it now: the caller must wake it. The
// consumer's.
func (r *Ring[T]) Pop() (v T, ok, wake bool) {
	if r.some() == 0 {
		return v, false, r.tell()
	}
	slot := &r.buf[r.got&r.mask]
	v = *slot
	var none T
	*slot = none // the collector's
	r.got++
	if r.got-r.told >= r.lazy {
		wake = r.tell()
	}
	return v, true, wake
}

// PopMany fills buf with what there is and returns how much that was; wake is
// as for Pop. The consumer's.
func (r *Ring[T]) PopMany(buf []T) (n int, wake bool) {
	n = int(min(uint64(len(buf)), r.some()))
	var none T
	for i := range buf[:n] {
		slot := &r.buf[r.got&r.mask]
		buf[i], *slot = *slot, none
		r.got++
	}
	if n == 0 || r.got-r.told >= r.lazy {
		wake = r.tell()
	}
	return n, wake
}

// Empty reports whether there is nothing to take. The consumer's.
func (r *Ring[T]) Empty() bool { return r.some() == 0 }

// Drained reports that nothing will ever be taken again. The consumer's.
func (r *Ring[T]) Drained() bool {
	// In this order: what was put in before Close is seen after it.
	return r.closed.Load() && r.some() == 0 // pairs with the Store in Close
}

// some returns how many elements can be taken; it may be more if it says 1 or
// more.
func (r *Ring[T]) some() uint64 {
	if r.goodTo == r.got {
		r.goodTo = r.visible.Load() // pairs with the Store in Push
	}
	return r.goodTo - r.got
}

// tell makes the room of what was taken known, and reports whether the producer
// must be woken.
func (r *Ring[T]) tell() (wake bool) {
	if r.told == r.got {
		return false
	}
	r.told = r.got
	r.taken.Store(r.got) // pairs with the Load in look
	// Either the producer, which looks after it has stored hungry, sees the
	// room, or we see that it is hungry. While it is, it puts nothing in, and
	// what it did before is visible.
	if r.hungry.Load() == 0 || r.visible.Load()-r.got > r.cap/2 { // pairs with the Store in AskRoom
		return false
	}
	return r.hungry.Swap(0) == 1
}

// Leave says that nothing will be taken any more, and reports whether the
// producer waits for room and must be woken. The consumer's.
func (r *Ring[T]) Leave() (wake bool) {
	r.gone.Store(true) // pairs with the Loads in Gone and AskRoom
	return r.hungry.Swap(0) == 1
}
