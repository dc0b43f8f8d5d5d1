package rouse

import (
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// fiberSet is the goroutines that a loop's fibers run on. A goroutine that asks
// whether it is in the set is running; if it is one of the loop's coroutines,
// then the loop has switched to it, so it is at home. A switch therefore has
// nothing to announce. (That is simpler; writing the number down at each switch
// took no measurably longer.)
//
// The loop's goroutine and its coroutines take turns, so there is one writer at
// a time. Others read at any moment, and may miss or see an entry that changes
// meanwhile: it is never their own.
type fiberSet struct {
	table atomics.Pointer[[]atomics.Uintptr] // a power of two long, at most half full
	used  int                                // entries and gravestones
	live  int
}

// gravestone is an entry that was removed: probing goes on behind it.
const gravestone = 1

func (s *fiberSet) has(g uintptr) bool {
	t := s.table.Load() // pairs with the Store in grow
	if t == nil {
		return false
	}
	mask := uintptr(len(*t) - 1)
	for i := slotFor(g); ; i++ {
		switch (*t)[i&mask].Load() { // pairs with the Stores in add and remove
		case g:
			return true
		case 0:
			return false
		}
	}
}

// slotFor spreads addresses of goroutine descriptors, which are a few hundred
// bytes apart.
func slotFor(g uintptr) uintptr { return g>>7 ^ g>>13 }

func (s *fiberSet) add(g uintptr) {
	if t := s.table.Load(); t == nil || 2*(s.used+1) > len(*t) {
		s.grow()
	}
	s.put(*s.table.Load(), g)
	s.live++
}

func (s *fiberSet) put(t []atomics.Uintptr, g uintptr) {
	mask := uintptr(len(t) - 1)
	i := slotFor(g)
	for t[i&mask].Load() > gravestone {
		i++
	}
	if t[i&mask].Load() == 0 {
		s.used++
	}
	t[i&mask].Store(g)
}

func (s *fiberSet) remove(g uintptr) {
	t := *s.table.Load()
	mask := uintptr(len(t) - 1)
	i := slotFor(g)
	for t[i&mask].Load() != g {
		i++
	}
	t[i&mask].Store(gravestone)
	s.live--
}

// grow moves the entries to a table with room for twice as many.
func (s *fiberSet) grow() {
	n := 16
	for n < 4*(s.live+1) {
		n *= 2
	}
	t := make([]atomics.Uintptr, n)
	s.used = 0
	if old := s.table.Load(); old != nil {
		for i := range *old {
			if g := (*old)[i].Load(); g > gravestone {
				s.put(t, g)
			}
		}
	}
	s.table.Store(&t)
}

// EnterFiber makes the calling goroutine, a coroutine that the loop switches
// to, count as home whenever it runs, until LeaveFiber.
func (l *Loop) EnterFiber() {
	onLoop.Store(gid.Identity(), fiberMark)
	if g := gid.Get(); g != 0 {
		l.fibers.add(g)
	}
}

// LeaveFiber ends what EnterFiber began; on the same goroutine.
func (l *Loop) LeaveFiber() {
	if g := gid.Get(); g != 0 {
		l.fibers.remove(g)
	}
	onLoop.Delete(gid.Identity())
}
