package executor_test

import (
	"runtime"
	"testing"

	"github.com/rouse-go/rouse"
)

// A wake of a task that is scheduled already says nothing to anybody, and yet
// publishes what its waker wrote: the race detector is the judge, so without it
// the test says little. So that the wake alone orders the write and the poll, the
// executor learns by a variable that the detector doesn't watch that the wake is
// over; meanwhile a poll of another task keeps it.
func TestConformance_022_AnIgnoredWakePublishes(t *testing.T) {
	eachStage(t, func(s *stage) {
		written, read := 0, 0
		p := &probe{}
		p.script = func(cx *rouse.Context, poll int) (int, error) {
			if poll == 1 {
				p.waker = cx.Waker()
				return 0, rouse.Pending
			}
			read = written
			return 1, nil
		}
		h := s.asleep(p)
		w, over := p.waker, new(bool)
		s.begin(func() {
			elsewhere(s, w.WakeByRef) // the next one finds its mail
			go func() {
				written = 1
				w.WakeByRef()
				raiseUnseen(over)
			}()
			for !readUnseen(over) {
				runtime.Gosched()
			}
		})
		s.is(h, 1, nil)
		if read != 1 {
			s.Errorf("the poll read %d, want 1", read)
		}
	})
}

//go:norace
//go:noinline
func raiseUnseen(b *bool) { *b = true }

//go:norace
//go:noinline
func readUnseen(b *bool) bool { return *b }
