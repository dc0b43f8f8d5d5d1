// Package spmc is a worker's own queue of a work-stealing scheduler: bounded,
// first in, first out, put into by its owner alone, taken from by anybody.
//
// # Source
//
// The owner's end is that of Lamport's ring ("Proving the Correctness of
// Multiprocess Programs", 1977): nobody else writes tail, so a push is a plain
// store of the element and one atomic store. Whoever takes moves head by
// compare-and-swap, as in the queues of Go's scheduler and tokio's; thieves take
// half at a time, after Blumofe and Leiserson ("Scheduling Multithreaded
// Computations by Work Stealing", 1999). As in tokio a thief first claims what
// it takes and then reads it, so that elements need not be atomic.
//
// # Who may touch what
//
// Positions only grow, and the slot of one is that number modulo the capacity.
// Elements stand from head up to tail. Who moves head from p to q has the slots
// from p up to q to himself. The owner leaves his at once. A thief needs time to
// read them, so before he claims he writes down in thief where he begins; the
// owner overwrites nothing from there on. One thief at a time: who finds another
// at work takes nothing, and Ready says that there is nothing to take.
//
// A position is never used twice (there are 2^64), so a swap of head that
// succeeds late still means what it meant when it began.
package spmc

import "github.com/rouse-go/rouse/internal/atomics"

// line is two cache lines, since processors fetch them in pairs.
const line = 128

// A Queue holds up to Cap elements. Make it with New.
type Queue[T any] struct {
	buf  []T // of a power of two
	mask uint64
	_    [line]byte

	// The owner writes, thieves read tail.
	tail atomics.Uint64 // position of the next push
	put  uint64         // tail, for the owner
	room uint64         // pushes up to this position are safe, for the owner
	_    [line]byte

	// Everybody writes.
	head  atomics.Uint64 // position of the next element to take
	thief atomics.Uint64 // 0, or 1 + where a thief began who is at work
	_     [line]byte
}

// New returns a queue for capacity elements, rounded up to a power of two.
func New[T any](capacity int) *Queue[T] {
	size := 1
	for size < capacity {
		size *= 2
	}
	return &Queue[T]{buf: make([]T, size), mask: uint64(size - 1), room: uint64(size)}
}

// Cap returns the capacity.
func (q *Queue[T]) Cap() int { return len(q.buf) }

// Push puts v at the end. It reports false if there is no room, also while a
// thief is at work at what he has taken. What the caller loads afterwards, such as
// whether anybody sleeps, is as it was when v could be seen, or later: so the store
// of tail is no atomics.StoreRelease. Only the owner.
func (q *Queue[T]) Push(v T) bool {
	if q.put == q.room && q.free() == 0 {
		return false
	}
	q.buf[q.put&q.mask] = v
	q.put++
	q.tail.Store(q.put) // pairs with the Load in Steal: the element is there
	return true
}

// free looks how many elements there is room for.
func (q *Queue[T]) free() uint64 {
	first := q.head.Load() // first: a thief who has moved it is written down
	if t := q.thief.Load(); t != 0 {
		first = min(first, t-1) // pairs with the Store in Steal
	}
	// A thief may have written down less than where he began. What was safe is.
	q.room = max(q.room, first+uint64(len(q.buf)))
	return q.room - q.put
}

// Pop takes the element that has been there longest. Only the owner.
func (q *Queue[T]) Pop() (v T, ok bool) {
	for {
		p := q.head.Load()
		if p == q.put {
			return v, false
		}
		if q.head.CompareAndSwap(p, p+1) { // pairs with the swap in Steal
			s := &q.buf[p&q.mask]
			var none T
			v, *s = *s, none
			return v, true
		}
	}
}

// Steal takes half of what q has, rounded up: the first is returned, the others
// are put in the thief's own queue, all at once, as far as there is room. It
// reports false if there is nothing, or if another thief is at work. Only the
// owner of to, which is another queue than q.
func (q *Queue[T]) Steal(to *Queue[T]) (v T, ok bool) {
	if p := q.head.Load(); q.tail.Load() == p || !q.thief.CompareAndSwap(0, p+1) {
		return v, false
	}
	room := to.free()
	for {
		p := q.head.Load()     // not behind what is written down
		n := q.tail.Load() - p // pairs with the Store in Push
		if n == 0 {
			q.thief.Store(0)
			return v, false
		}
		n = min(n-n/2, 1+room)
		if !q.head.CompareAndSwap(p, p+n) { // pairs with that in Pop
			continue
		}
		var none T
		s := &q.buf[p&q.mask]
		v, *s = *s, none
		for i := p + 1; i != p+n; i++ {
			s := &q.buf[i&q.mask]
			to.buf[to.put&to.mask], *s = *s, none
			to.put++
		}
		q.thief.Store(0) // pairs with the Load in free
		if n > 1 {
			to.tail.Store(to.put)
		}
		return v, true
	}
}

// Ready reports whether there is something to take: by the owner, or by a thief
// if none is at work. From any goroutine.
func (q *Queue[T]) Ready() bool {
	return q.thief.Load() == 0 && q.head.Load() != q.tail.Load()
}
