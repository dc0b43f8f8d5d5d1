package channel_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse/channel"
)

// meeting is where two goroutines wait for each other, as nearly at once as may be.
type meeting struct{ arrived atomic.Int64 }

func (m *meeting) at(round int) {
	m.arrived.Add(1)
	for i := 0; m.arrived.Load() < int64(2*round); i++ {
		if i > 1000 {
			runtime.Gosched() // the other may need this CPU
		}
	}
}

// A goroutine moves an element and looks for a sleeper; the other says that it
// sleeps and tries once more. On no processor may both miss the other, however
// late stores become visible on it.
func TestMPMCTrySeesWhatHasEnded(t *testing.T) {
	const most = 200_000
	limit := time.Second // on a busy machine a round takes long, and tells less
	if testing.Short() {
		limit /= 5
	}
	send := func(c *channel.MPMC[int]) error { return c.TrySend(1) }
	recv := func(c *channel.MPMC[int]) error { _, err := c.TryRecv(); return err }
	for _, test := range []struct {
		name     string
		full     bool
		act, try func(*channel.MPMC[int]) error
	}{{"send", false, send, recv}, {"receive", true, recv, send}} {
		t.Run(test.name, func(t *testing.T) {
			hangs(t)
			c := channel.NewMPMC[int](1)
			if test.full {
				c.TrySend(0)
			}
			var asleep atomic.Bool
			var seen, over bool
			var begin, end meeting
			var wg sync.WaitGroup
			wg.Go(func() {
				for round := 1; ; round++ {
					begin.at(round)
					if over {
						return
					}
					if err := test.act(c); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
					seen = asleep.Load()
					end.at(round)
				}
			})
			missed, round := 0, 0
			for start := time.Now(); ; {
				round++
				over = round > most || time.Since(start) > limit
				asleep.Store(false)
				begin.at(round)
				if over {
					break
				}
				asleep.Store(true)
				err := test.try(c)
				end.at(round)
				if err == nil {
					continue
				}
				if !seen {
					missed++
				}
				if err = test.try(c); err != nil {
					t.Errorf("round %d: %v, though the other has ended", round, err)
				}
			}
			wg.Wait()
			if missed > 0 {
				t.Errorf("in %d of %d rounds neither has seen the other", missed, round-1)
			}
		})
	}
}
