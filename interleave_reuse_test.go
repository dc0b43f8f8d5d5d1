//go:build interleave

package rouse

import (
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// The cell of an atomic task is used for the next one while wakers and handles of
// the last are still used elsewhere: they may cost the next a poll, and nothing
// else.
func TestModelStateReuse(t *testing.T) {
	for _, m := range []struct {
		name  string
		bound int
		stale []func(Waker, JoinHandle[int])
	}{
		{"wake", 3, []func(Waker, JoinHandle[int]){func(wk Waker, j JoinHandle[int]) { j.Detach(); wk.Wake() }}},
		{"wake-detach", 3, []func(Waker, JoinHandle[int]){
			func(wk Waker, _ JoinHandle[int]) { wk.Wake() },
			func(_ Waker, j JoinHandle[int]) { j.Detach() },
		}},
		{"copy", 3, []func(Waker, JoinHandle[int]){func(wk Waker, j JoinHandle[int]) {
			j.Detach()
			wk.Drop()
			wk.WakeByRef() // a copy that nobody counts
		}}},
		{"abort-detach", 3, []func(Waker, JoinHandle[int]){
			func(wk Waker, j JoinHandle[int]) { wk.Drop(); j.Abort() },
			func(_ Waker, j JoinHandle[int]) { j.Detach() },
		}},
		{"detach-abort", 3, []func(Waker, JoinHandle[int]){func(wk Waker, j JoinHandle[int]) {
			wk.Drop()
			j.Detach()
			j.Abort()
			j.Detach()
		}}},
	} {
		reused, kept := 0, 0
		c := interleave.Config{Model: "rouse/state/reuse-" + m.name, Preemptions: m.bound, Random: 3000, Seed: 1}
		interleave.Check(t, c, func(w *interleave.World) {
			cx := NewExecutorContext(noExecutor{}, nil)
			cx.takeCell(itabOf((*cell[int])(nil))) // from now on they are kept
			d := &desk{w: w}
			var news atomics.Bool
			one := &probeFuture{w: w, ready: func(int) bool { return true }}
			two := &probeFuture{w: w, ready: func(int) bool { return news.Load() }}
			r, j := NewTaskIn[int](cx, one, d.schedule)
			wk := r.Waker()
			d.task.Store(r.h)
			var next atomics.Pointer[Waker]
			w.Go("runner", func() {
				first := d.task.Swap(nil)
				if out := (Runnable{first}).Run(cx); out < Completed {
					w.Failf("the first task: %v", out)
				}
				r2, j2 := NewTaskIn[int](cx, two, d.schedule)
				if r2.h == first {
					reused++
				} else {
					kept++
				}
				wk2 := r2.Waker()
				next.Store(&wk2)
				if d.task.Swap(r2.h) != nil {
					w.Failf("the first task is scheduled, though it has ended")
				}
				if out := d.run(cx); out != Completed {
					w.Failf("the second task: %v", out)
				}
				if v, err := j2.Poll(cx); v != probeResult || err != nil {
					w.Failf("the second task: %d, %v", v, err)
				}
			})
			for _, stale := range m.stale {
				w.Go("stale", func() { stale(wk, j) })
			}
			w.Go("waker", func() {
				news.Store(true)
				if wk2 := next.Load(); wk2 != nil {
					wk2.Wake()
				}
			})
			w.Finally(func() {
				if !two.ended || two.drops != 0 {
					w.Failf("the second task: result %v, %d Drops", two.ended, two.drops)
				}
			})
		})
		if reused == 0 || kept == 0 {
			t.Errorf("%s: the cell was used again %d times, and %d times not", m.name, reused, kept)
		}
	}
}

// noExecutor is one that only is there.
type noExecutor struct{}

func (noExecutor) Now() int64                  { return 0 }
func (noExecutor) Rand() uint64                { return 0 }
func (noExecutor) Inject(func(*Context)) error { return ErrClosed }
