//go:build interleave

package bell

import (
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A ring at any moment ends the sleep that is or the next one, once, and leaves
// no token behind. With a limit, time may be up at any moment.
func TestModelBell(t *testing.T) {
	for _, m := range []struct {
		name string
		d    time.Duration
	}{{"forever", -1}, {"limit", time.Hour}} {
		c := interleave.Config{Model: "bell/ring-ring-sleep-" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			b := New()
			var news atomics.Int32
			w.Go("loop", func() {
				for naps := 0; news.Load() < 2; naps++ {
					if naps == 3 {
						return // time was up three times: that is enough of it
					}
					if !b.Taken() {
						b.Sleep(m.d)
					}
				}
				for b.Taken() {
				}
			})
			for range 2 {
				w.Go("ringer", func() {
					news.Add(1)
					b.Ring()
				})
			}
			w.Finally(func() {
				if m.d < 0 && news.Load() != 2 {
					w.Failf("the loop heard of %d news", news.Load())
				}
				// A token is there if and only if the word does not say that
				// the loop has taken notice: else Send would block one day.
				for b.Taken() {
				}
				b.timer = time.NewTimer(0)
				for range 20 {
					if b.Sleep(0) {
						w.Failf("a token is left")
					}
				}
			})
		})
	}
}

// What was written before the ring is there after the sleep that it ended.
func TestModelBellVisible(t *testing.T) {
	c := interleave.Config{Model: "bell/visible"}
	interleave.Check(t, c, func(w *interleave.World) {
		b := New()
		plain := 0
		w.Go("loop", func() {
			for range 2 {
				if b.Taken() || b.Sleep(time.Hour) {
					if plain != 1 {
						w.Failf("plain is %d", plain)
					}
					return
				}
			}
		})
		w.Go("ringer", func() {
			plain = 1
			b.Ring()
		})
	})
}
