package mpmc

import "github.com/rouse-go/rouse/internal/atomics"

// A Queue is a queue without a bound: a chain of rings, of which all but the
// last are closed. All methods may be called from any goroutine, at any time,
// and none blocks. Use [NewQueue].
//
// Elements go round in the last ring, so nothing is allocated as long as it is
// large enough. A push that finds it full closes it and links another, twice as
// large if this one really was full of elements. Rings that have been drained go
// to the collector and are never used again, so a goroutine that holds one from
// long ago finds it closed and drained, and nothing else. The last ring stays as
// large as it is.
type Queue[T any] struct {
	_    pad
	head atomics.Pointer[link[T]] // the ring to pop from: no ring before it has anything left
	_    pad
	tail atomics.Pointer[link[T]] // the ring to push to, or one that others are leaving
	_    pad
}

type link[T any] struct {
	Ring[T]
	next atomics.Pointer[link[T]] // set once, after Close
}

// NewQueue returns an empty queue that allocates nothing before it has more than
// room elements, which must be at least 1.
func NewQueue[T any](room int) *Queue[T] {
	q := new(Queue[T])
	l := newLink[T](room)
	q.head.Store(l)
	q.tail.Store(l)
	return q
}

func newLink[T any](capacity int) *link[T] {
	l := new(link[T])
	l.init(capacity)
	return l
}

// Push puts v at the end.
func (q *Queue[T]) Push(v T) {
	for {
		l := q.tail.Load()
		if l.Push(v) {
			return
		}
		l.Close()
		next := l.next.Load()
		if next == nil {
			n := newLink[T](l.successor())
			n.Push(v)                          // nobody else knows it: this succeeds
			if l.next.CompareAndSwap(nil, n) { // pairs with the Loads here and in Pop
				q.tail.CompareAndSwap(l, n)
				return
			}
			next = l.next.Load()
		}
		q.tail.CompareAndSwap(l, next) // whoever linked it may be asleep
	}
}

// successor returns the capacity of the ring after l. One that was found full
// only because a pop was under way has been large enough.
func (l *link[T]) successor() int {
	if l.Len() > l.Cap()/2 {
		return 2 * l.Cap()
	}
	return l.Cap()
}

// Pop takes the element that has been there longest. It reports false if there
// is none; it may do so while there is one, if a push has begun and not ended.
func (q *Queue[T]) Pop() (v T, ok bool) {
	for {
		l := q.head.Load()
		if v, ok = l.Pop(); ok {
			return v, true
		}
		next := l.next.Load()            // pairs with the swap in Push
		if next == nil || !l.Drained() { // drained only if no push is on its way into l
			return v, false
		}
		q.head.CompareAndSwap(l, next)
	}
}

// Ready reports whether a Pop at this moment would find an element.
func (q *Queue[T]) Ready() bool {
	for l := q.head.Load(); ; {
		if l.Ready() {
			return true
		}
		next := l.next.Load() // pairs with the swap in Push
		if next == nil || !l.Drained() {
			return false
		}
		l = next
	}
}

// Len returns how many elements there are, those on their way in included. It
// is a number that was true, or nearly so, while it was being counted.
func (q *Queue[T]) Len() (n int) {
	for l := q.head.Load(); l != nil; l = l.next.Load() {
		n += l.Len()
	}
	return n
}
