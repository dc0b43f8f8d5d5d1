package rouse

import (
	"runtime"
	"testing"
)

// A wake of a task that is scheduled already says nothing to anybody, and yet
// publishes what its waker wrote: the race detector is the judge, so without it
// the test says little. So that the wake alone orders the write and the poll, the
// test learns by a variable that the detector doesn't watch that the wake is
// over.
func TestConformance_022_IgnoredWakePublishes(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		written, read := 0, 0
		p := doing(func(*Context) (int, error) {
			read = written
			return 0, Pending
		})
		r, _ := x.make(p)
		w := r.Waker()
		r.Schedule()
		elsewhere(w.WakeByRef) // the next one finds its mail
		x.mu.Lock()
		queued := len(x.queue)
		x.mu.Unlock()
		over := new(bool)
		go func() {
			written = 1
			w.WakeByRef()
			raiseUnseen(over)
		}()
		for !readUnseen(over) {
			runtime.Gosched()
		}
		x.tick()
		if queued > 1 || read != 1 {
			t.Errorf("queued %d times; the poll read %d, want 1", queued, read)
		}
		p.check(t, 1, 0)
	})
}

//go:norace
//go:noinline
func raiseUnseen(b *bool) { *b = true }

//go:norace
//go:noinline
func readUnseen(b *bool) bool { return *b }
