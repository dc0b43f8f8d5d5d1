//go:build interleave

package rouse

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse/internal/interleave"
)

// A transferring future fills its caller's buffer in its last poll.
type transferring struct {
	w      *interleave.World
	buf    *[1]byte
	polls  int
	last   int
	drops  int
	panics bool
}

func (f *transferring) Poll(*Context) (int, error) {
	if f.polls++; f.polls < f.last {
		return 0, Pending
	}
	if f.panics {
		panic("on purpose")
	}
	f.buf[0]++ // a plain access: the race detector judges
	return 1, nil
}

func (f *transferring) Drop() { f.drops++ }

// The caller may leave at any moment, also in the midst of a poll: either he
// has the result, or nothing has been done and nothing will be, and the buffer
// is his alone.
func TestModelCrossing(t *testing.T) {
	for _, m := range []struct {
		name   string
		panics bool
	}{{"poll-poll-leave", false}, {"panic-leave", true}} {
		var with, without int
		c := interleave.Config{Model: "rouse/crossing/" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			var buf [1]byte
			f := &transferring{w: w, buf: &buf, last: 2, panics: m.panics}
			x := &crossing[int]{fut: f}
			home := func() (err error) {
				defer func() {
					if v := recover(); v != nil {
						err = ErrGoexit // the task ends, the loop goes on
					}
				}()
				_, err = x.Poll(NewContext(Waker{}))
				return err
			}
			w.Go("home", func() {
				for home() == Pending {
				}
			})
			w.Go("caller", func() {
				n, err := x.leave(context.Canceled)
				switch {
				case n == 1 && err == nil && buf[0] == 1 && !m.panics:
					with++
				case n == 0 && err == context.Canceled && buf[0] == 0:
					without++
				default:
					w.Failf("%d bytes, %v; buffer %d", n, err, buf[0])
				}
				buf[0] = 9
			})
			w.Finally(func() {
				if buf[0] != 9 || f.drops > 1 {
					w.Failf("buffer %d, %d Drops", buf[0], f.drops)
				}
			})
		})
		if with == 0 && !m.panics || without == 0 {
			t.Errorf("%s: with the result %d times, without %d times", m.name, with, without)
		}
	}
}
