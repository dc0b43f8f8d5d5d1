//go:build interleave

package executor

import (
	"context"
	"errors"
	"testing"

	"github.com/rouse-go/rouse/internal/interleave"
)

// A goroutine asks a fiber's ctx for Done while the fiber ends or is cancelled:
// the channel that it gets is closed in the end, whoever came first.
func TestModelFiberDone(t *testing.T) {
	for _, m := range []struct {
		name   string
		askers int
		cancel bool
	}{{"done-end", 1, false}, {"done-done-end", 2, false}, {"done-cancel-end", 1, true}} {
		c := interleave.Config{Model: "executor/fiberctx/" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			x := &fiberCtx{origin: &origin{parent: context.Background()}}
			x.id.Store(7)
			w.Go("fiber", func() {
				if m.cancel {
					x.inner.cancel()
					if !errors.Is(x.Err(), context.Canceled) {
						w.Failf("cancelled, and Err is %v", x.Err())
					}
				}
				x.id.Store(hasEnded) // as RunOn does
				x.ended()
			})
			channels := make([]<-chan struct{}, m.askers)
			for i := range channels {
				w.Go("asker", func() { channels[i] = x.Done() })
			}
			w.Finally(func() {
				for i, done := range channels {
					select {
					case <-done:
					default:
						w.Failf("the channel of asker %d is open", i)
					}
					if done != channels[0] {
						w.Failf("the askers have different channels")
					}
				}
				if !errors.Is(x.Err(), context.Canceled) {
					w.Failf("Err is %v", x.Err())
				}
			})
		})
	}
}

// Somebody follows the end of a fiber's ctx while the fiber ends: he is told
// once, or learns at once that it has ended.
func TestModelFiberFollowed(t *testing.T) {
	for _, m := range []struct {
		name  string
		taken bool // back, at once
	}{{"follow-end", false}, {"follow-leave-end", true}} {
		c := interleave.Config{Model: "executor/fiberctx/" + m.name}
		interleave.Check(t, c, func(w *interleave.World) {
			x := &fiberCtx{origin: &origin{parent: context.Background()}}
			x.id.Store(7)
			w.Go("fiber", func() {
				x.id.Store(hasEnded) // as RunOn does
				x.ended()
			})
			told, late, left := 0, false, false
			w.Go("follower", func() {
				x.Done() // as AfterFunc does
				stop := x.inner.p.Load().followers.add(func() { told++ }, x.parent)
				late = stop == nil
				left = m.taken && !late && stop()
			})
			w.Finally(func() {
				if want := !late && !left; told > 1 || (told == 1) != want {
					w.Failf("told %d times; late %v, left %v", told, late, left)
				}
			})
		})
	}
}
