package lincheck

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/internal/mpmc"
)

func TestLinearizable(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 100
	}
	for _, kind := range []struct {
		name     string
		capacity int // of the model; 0 is without a bound
		make     func() queue
	}{
		{"ring of 1", 1, ring(1)}, {"ring of 2", 2, ring(2)}, {"ring of 3", 3, ring(3)}, {"ring of 8", 8, ring(8)},
		{"channel of 1", 1, tries(1)}, {"channel of 3", 3, tries(3)},
		{"queue", 0, unbounded(64)}, {"queue that grows", 0, unbounded(1)}, {"queue that grows later", 0, unbounded(3)},
	} {
		t.Run(kind.name, func(t *testing.T) {
			overlaps := 0
			for goroutines := 2; goroutines <= 8; goroutines++ {
				var sum counts
				var slowest time.Duration
				for round, all := range record(rounds, goroutines, kind.make) {
					history, n := exempt(all)
					sum.add(n)
					begun := time.Now()
					m := model(kind.capacity, precedence(history))
					if r := porcupine.CheckOperationsTimeout(m, history, time.Minute); r != porcupine.Ok {
						t.Errorf("%d goroutines, history %d: %v\n%v", goroutines, round, r, history)
					}
					slowest = max(slowest, time.Since(begun))
				}
				t.Logf("%d goroutines, %d histories: %d operations checked, %d of them overlapping another, %d empty or full; %d empty or full exempted; slowest check %v",
					goroutines, rounds, sum.ops, sum.overlaps, sum.refusals, sum.exempted, slowest)
				if sum.refusals == 0 {
					t.Error("no empty or full was checked: pushes and pops are too close together")
				}
				overlaps += sum.overlaps
			}
			if overlaps == 0 {
				t.Error("no operation overlapped another: nothing was shown")
			}
		})
	}
}

func ring(capacity int) func() queue {
	return func() queue {
		r := mpmc.NewRing[int](capacity)
		return queue{r.Push, r.Pop}
	}
}

// tries is an MPMC channel, whose ring is a loose one.
func tries(capacity int) func() queue {
	return func() queue {
		c := channel.NewMPMC[int](capacity)
		return queue{
			func(v int) bool { return c.TrySend(v) == nil },
			func() (int, bool) { v, err := c.TryRecv(); return v, err == nil },
		}
	}
}

func unbounded(room int) func() queue {
	return func() queue {
		q := mpmc.NewQueue[int](room)
		return queue{func(v int) bool { q.Push(v); return true }, q.Pop}
	}
}
