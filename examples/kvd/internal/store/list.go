package store

import "iter"

// chunkLen is how many elements of a List are kept together.
const chunkLen = 32

type chunk [chunkLen]string

// A List is a sequence with two ends. Its elements are in chunks of equal
// length, so that an index leads to its element by division, and growing never
// moves elements, only pointers to chunks.
type List struct {
	chunks ring[*chunk]
	first  int // place of element 0 in the first chunk
	n      int
}

// Len returns the number of elements; a nil List has none.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return l.n
}

func (l *List) slot(i int) *string {
	i += l.first
	return &(*l.chunks.at(i / chunkLen))[i%chunkLen]
}

// At returns element i, which must exist.
func (l *List) At(i int) string { return *l.slot(i) }

// Set replaces element i, which must exist.
func (l *List) Set(i int, s string) { *l.slot(i) = s }

// PushBack appends s.
func (l *List) PushBack(s string) {
	if l.first+l.n == l.chunks.n*chunkLen {
		l.chunks.pushBack(new(chunk))
	}
	l.n++
	*l.slot(l.n - 1) = s
}

// PushFront puts s before all others.
func (l *List) PushFront(s string) {
	if l.first == 0 {
		l.chunks.pushFront(new(chunk))
		l.first = chunkLen
	}
	l.first--
	l.n++
	*l.slot(0) = s
}

// PopBack removes the last element of a List that is not empty.
func (l *List) PopBack() string {
	p := l.slot(l.n - 1)
	s := *p
	*p = ""
	l.n--
	if l.first+l.n <= (l.chunks.n-1)*chunkLen {
		l.chunks.popBack()
	}
	return s
}

// PopFront removes the first element of a List that is not empty.
func (l *List) PopFront() string {
	p := l.slot(0)
	s := *p
	*p = ""
	l.n--
	if l.first++; l.first == chunkLen {
		l.chunks.popFront()
		l.first = 0
	}
	return s
}

// Insert puts s before element i, or at the end, moving the shorter side.
func (l *List) Insert(i int, s string) {
	if i < l.n/2 {
		l.PushFront("")
		for j := range i {
			l.Set(j, l.At(j+1))
		}
	} else {
		l.PushBack("")
		for j := l.n - 1; j > i; j-- {
			l.Set(j, l.At(j-1))
		}
	}
	l.Set(i, s)
}

// Remove removes up to max elements equal to s, from the front, or from the
// back if asked, and returns how many there were.
func (l *List) Remove(s []byte, max int, fromBack bool) int {
	removed, kept := 0, 0
	for i := range l.n { // the kept ones close up on the side where it starts
		from, to := i, kept
		if fromBack {
			from, to = l.n-1-i, l.n-1-kept
		}
		e := l.At(from)
		if removed < max && e == string(s) {
			removed++
			continue
		}
		if from != to {
			l.Set(to, e)
		}
		kept++
	}
	for range removed {
		if fromBack {
			l.PopFront()
		} else {
			l.PopBack()
		}
	}
	return removed
}

// Trim keeps the n elements from start on, which must exist.
func (l *List) Trim(start, n int) {
	for range l.n - start - n {
		l.PopBack()
	}
	for range start {
		l.PopFront()
	}
}

// Range returns the n elements from start on, which must exist.
func (l *List) Range(start, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		at := l.first + start
		for n := n; n > 0; {
			c := *l.chunks.at(at / chunkLen)
			for _, s := range c[at%chunkLen : min(at%chunkLen+n, chunkLen)] {
				if !yield(s) {
					return
				}
				at++
				n--
			}
		}
	}
}
