package executor

import (
	"context"
	"unsafe"
)

// anyFiber is a *fiber[T] of any T.
type anyFiber interface {
	call(context.Context) (fine bool)
}

// spareFibers keeps fibers that have returned their result, to be used again. A
// program has few types of fibers, and mostly starts one type after another, so
// the list used last is looked at first. Only at home.
type spareFibers struct {
	last  *spareList
	lists map[uintptr]*spareList
}

type spareList struct {
	key  uintptr
	free []anyFiber
}

// spareLimit is how many of one type are kept.
const spareLimit = 1024

// keyOf returns what the fibers of one type have in common: the first word of
// the interface value.
func keyOf(f anyFiber) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func (s *spareFibers) of(key uintptr) *spareList {
	if s.last != nil && s.last.key == key {
		return s.last
	}
	l := s.lists[key]
	if l == nil {
		l = &spareList{key: key}
		if s.lists == nil {
			s.lists = make(map[uintptr]*spareList)
		}
		s.lists[key] = l
	}
	s.last = l
	return l
}

// get returns a spare fiber of the type that key stands for, or nil.
func (s *spareFibers) get(key uintptr) anyFiber {
	l := s.of(key)
	n := len(l.free)
	if n == 0 {
		return nil
	}
	f := l.free[n-1]
	l.free = l.free[:n-1]
	return f
}

// put keeps f, which nobody refers to any more.
func (s *spareFibers) put(f anyFiber) {
	if l := s.of(keyOf(f)); len(l.free) < spareLimit {
		l.free = append(l.free, f)
	}
}
