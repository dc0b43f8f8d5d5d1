package rouse

import (
	"sync"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// onLoop holds the goroutines that run a Loop or are its fibers, so that a call
// that would block one for ever can panic instead. It is not used on any hot
// path.
var onLoop sync.Map // uintptr → *mark

// A mark says whether the goroutine is inside now.
type mark struct{ inside atomics.Bool }

// A seat is a Loop's place in onLoop. It stays there between Leave and the next
// Enter of the same goroutine, so that running until idle again and again
// changes no map. Only the goroutine that runs the loop uses it.
type seat struct {
	mark *mark
	g    uintptr // whose it is
}

func (s *seat) take() {
	me := gid.Identity()
	there, ok := onLoop.Load(me)
	if ok && there.(*mark).inside.Load() {
		panic("rouse: this goroutine runs an executor already; start the other one on a goroutine of its own")
	}
	if s.mark == nil {
		s.mark = new(mark)
	}
	if !ok || there != any(s.mark) {
		s.giveUp()
		onLoop.Store(me, s.mark)
		s.g = me
	}
	s.mark.inside.Store(true)
}

func (s *seat) leave() { s.mark.inside.Store(false) }

// giveUp takes the mark out of the map, if it is still ours that is there.
func (s *seat) giveUp() {
	if s.g != 0 && !s.mark.inside.Load() {
		onLoop.CompareAndDelete(s.g, s.mark)
		s.g = 0
	}
}

// fiberMark is that of every goroutine that a fiber runs on.
var fiberMark = func() *mark {
	m := new(mark)
	m.inside.Store(true)
	return m
}()

// OnLoop reports whether the calling goroutine runs a Loop, or is a fiber of
// one. Blocking such a goroutine stops every task of it. Where goroutines can't
// be told apart cheaply it costs a microsecond.
func OnLoop() bool {
	m, ok := onLoop.Load(gid.Identity())
	return ok && m.(*mark).inside.Load()
}
