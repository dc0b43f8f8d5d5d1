//go:build interleave

package channel

import (
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Who has sent looks for a sleeper, who is about to sleep tries once more: one of
// the two sees the other, though the channel's own words are stored late. People
// build their own waiting on tries in this way. The same with what a receive
// leaves, room.
func TestModelMPMCTries(t *testing.T) {
	for _, m := range []struct {
		name     string
		full     bool
		act, try func(c *MPMC[int]) error
	}{
		{"send-then-look", false,
			func(c *MPMC[int]) error { return c.TrySend(1) },
			func(c *MPMC[int]) error { _, err := c.TryRecv(); return err }},
		{"recv-then-look", true,
			func(c *MPMC[int]) error { _, err := c.TryRecv(); return err },
			func(c *MPMC[int]) error { return c.TrySend(1) }},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := interleave.Config{Model: "channel/mpmc/tries/" + m.name}
			interleave.Check(t, c, func(w *interleave.World) {
				ch := NewMPMC[int](1)
				if m.full {
					ch.TrySend(0)
				}
				var asleep, missed atomics.Uint32
				w.Go("acts", func() {
					if err := m.act(ch); err != nil {
						w.Failf("%v", err)
					}
					if asleep.Load() == 0 {
						missed.Add(1)
					}
				})
				w.Go("sleeps", func() {
					asleep.Store(1)
					if m.try(ch) != nil {
						missed.Add(1)
					}
				})
				w.Finally(func() {
					if missed.Load() == 2 {
						w.Failf("neither has seen the other")
					}
				})
			})
		})
	}
}
