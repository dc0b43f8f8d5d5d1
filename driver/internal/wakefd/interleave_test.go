//go:build linux && interleave

package wakefd

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Wakes at any moment end the sleep that is or the next one; with a limit, the
// time may be up at any moment.
func TestModelSleeper(t *testing.T) {
	for _, m := range []struct {
		name  string
		timed bool
	}{{"forever", false}, {"limit", true}} {
		c := interleave.Config{Model: "wakefd/unpark-unpark-sleep-" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			s := opened()
			var news atomics.Int32
			w.Go("loop", func() {
				for naps := 0; news.Load() < 2; naps++ {
					if naps == 4 && m.timed {
						return // time was up so often: that is enough of it
					}
					sleep(s, m.timed)
				}
			})
			for range 2 {
				w.Go("unparker", func() {
					news.Add(1)
					s.Unpark()
				})
			}
			w.Finally(func() {
				if s.word.Load() == parked {
					w.Failf("the word says that it sleeps")
				}
				s.Close()
			})
		})
	}
}

// What was written before an Unpark is there after the sleep that it ended or
// forbade, and so it is if another Unpark did that first.
func TestModelVisible(t *testing.T) {
	c := interleave.Config{Model: "wakefd/visible"}
	interleave.Check(t, c, func(w *interleave.World) {
		s := opened()
		var ended [2]interleave.Clock // who has ended; the loop learns nothing else from it
		var plain [2]int
		w.Go("loop", func() {
			one, two := ended[0].Now() > 0, ended[1].Now() > 0
			if !sleep(s, false) {
				w.Failf("nobody but the Unparks ends the sleep")
			}
			if one && plain[0] != 1 || two && plain[1] != 1 {
				w.Failf("told by %v, %v; plain is %v", one, two, plain)
			}
		})
		for i := range ended {
			w.Go("unparker", func() {
				plain[i] = 1
				s.Unpark()
				ended[i].Tick()
			})
		}
		w.Finally(s.Close)
	})
}

// Close with a write under way: the descriptor's number is somebody else's
// afterwards, and nothing may be written to it.
func TestModelClose(t *testing.T) {
	c := interleave.Config{Model: "wakefd/unpark-unpark-close"}
	interleave.Check(t, c, func(w *interleave.World) {
		s := opened()
		next := -1
		w.Go("loop", func() {
			sleep(s, true)
			sleep(s, true)
			s.Close()
			atomics.Look() // an order of this and the write to choose
			next, _ = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
		})
		for range 2 {
			w.Go("unparker", s.Unpark)
		}
		w.Finally(func() {
			defer unix.Close(next)
			if next != s.fd {
				w.Failf("the number was not given again: %d after %d", next, s.fd)
			}
			var buf [8]byte
			if _, err := unix.Read(next, buf[:]); err != unix.EAGAIN {
				w.Failf("a write to a descriptor that was closed: %v", buf)
			}
		})
	})
}

// sleep is what a driver does with a Sleeper, without the kernel.
func sleep(s *Sleeper, timed bool) (told bool) {
	if !s.Down() {
		s.Take()
		return true
	}
	atomics.Rest(timed)
	return s.Up()
}

func opened() *Sleeper {
	s := new(Sleeper)
	if err := s.Open(); err != nil {
		panic(err)
	}
	return s
}
