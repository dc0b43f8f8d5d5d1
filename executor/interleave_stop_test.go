//go:build interleave

package executor_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Stop from elsewhere ends the run that is, or the next one, also if the loop
// is about to sleep.
func TestModelStop(t *testing.T) {
	for _, stops := range []int{1, 2} {
		c := interleave.Config{Model: "executor/run-stop"}
		if stops == 2 {
			c.Model, c.Preemptions = "executor/run-stop-stop", 3
		}
		interleave.Check(t, c, func(w *interleave.World) {
			l := newModelLocal()
			w.Go("loop", func() {
				if err := l.Run(context.Background()); err != nil {
					w.Failf("Run: %v", err)
				}
				if err := l.Close(); err != nil {
					w.Failf("Close: %v", err)
				}
			})
			for range stops {
				w.Go("stopper", l.Stop)
			}
		})
	}
}
