//go:build interleave

package rouse

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of the state word: the atomic kind of task.

// Any number of wakes at any moment: the task is polled again after each, by
// one runner at a time, and ends.
func TestModelStateWakes(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-wake-run"}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 2, false, 0) })
}

func TestModelStateAbort(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-run-abort"}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 1, true, 0) })
}

func TestModelStateJoin(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-run-join"}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 1, false, 'j') })
}

func TestModelStateDetach(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-run-detach"}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 1, false, 'd') })
}

func TestModelStateAbortJoin(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-run-abort-join", Preemptions: 3, Random: 20_000, Seed: 1}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 1, true, 'j') })
}

func TestModelStateAll(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/wake-wake-run-abort-join", Preemptions: 2, Random: 20_000, Seed: 1}
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 2, true, 'j') })
	c.Model = "rouse/state/wake-wake-run-abort-detach"
	interleave.Check(t, c, func(w *interleave.World) { stateModel(w, 2, true, 'd') })
}

// stateModel has one task that is ready when each waker has left news and woken
// it, a runner, and perhaps an aborter and somebody with the handle, who joins
// or detaches.
func stateModel(w *interleave.World, wakers int, abort bool, handle byte) {
	d := &desk{w: w}
	var news atomics.Int32
	f := &probeFuture{w: w, ready: func(int) bool { return int(news.Load()) == wakers }}
	r, j := NewTask[int](f, d.schedule)
	h := r.h
	ends := []Waker{}
	for range wakers {
		ends = append(ends, r.Waker())
	}
	d.task.Store(h) // Schedule, before anybody runs
	w.Go("runner", func() {
		out := d.run(NewContext(Waker{}))
		if !abort && out != Completed || abort && out != Completed && out != Canceled {
			w.Failf("the task ended with %v", out)
		}
	})
	for i := range wakers {
		w.Go("waker", func() {
			news.Add(1)
			if i == 0 {
				ends[i].Wake()
			} else { // the other form
				ends[i].WakeByRef()
				ends[i].Drop()
			}
		})
	}
	if abort {
		w.Go("aborter", func() { j.Abort() })
	}
	switch handle {
	case 'j':
		w.Go("joiner", func() {
			s := new(waiting)
			v, err := s.join(NewContext(NewWaker(s)), j)
			switch {
			case err == nil && v == probeResult && f.ended:
			case errors.Is(err, ErrCanceled) && abort && f.drops == 1:
			default:
				w.Failf("join: %d, %v; result: %v, drops: %d", v, err, f.ended, f.drops)
			}
		})
	case 'd':
		w.Go("detacher", func() { j.Detach() })
	}
	w.Finally(func() {
		f.mustHaveEnded()
		s := state(h.remote.Load())
		if s&(completed|running|scheduled) != completed || !abort && s&closed != 0 || s&closed != 0 == f.ended {
			w.Failf("the word is %v in the end", s)
		}
		if handle == 0 {
			return
		}
		if out := slotOf[int](h); out.out != 0 || out.err != nil {
			w.Failf("the cell still has the result %d, %v", out.out, out.err)
		}
		if h.shared().schedule != nil || h.abroad.load() != 0 {
			w.Failf("%d references are left", h.abroad.load())
		}
	})
}

// The handle is polled with one waker and then with another, while the task
// finishes: the one that was polled last is woken, and none is counted too often.
func TestModelStateAwaitTwice(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/await-await-run"}
	interleave.Check(t, c, func(w *interleave.World) {
		d := &desk{w: w}
		f := &probeFuture{w: w, ready: func(int) bool { return true }}
		r, j := NewTask[int](f, d.schedule)
		d.task.Store(r.h)
		w.Go("runner", func() { d.run(NewContext(Waker{})) })
		w.Go("joiner", func() {
			if _, err := j.Poll(NewContext(NewWaker(new(waiting)))); err == nil {
				return
			}
			s := new(waiting)
			if v, err := s.join(NewContext(NewWaker(s)), j); v != probeResult || err != nil {
				w.Failf("join: %d, %v", v, err)
			}
		})
		w.Finally(func() {
			if !r.h.wants.IsZero() {
				w.Failf("the cell still has an awaiter")
			}
		})
	})
}

// What the waker wrote before the wake is there at the poll after it, also if
// the task was scheduled already: plainly, for the race detector to judge.
func TestModelStateVisible(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/visible"}
	interleave.Check(t, c, func(w *interleave.World) {
		d := &desk{w: w}
		var woken hidden
		plain, due := 0, false
		f := &probeFuture{w: w, ready: func(int) bool {
			if due && plain != 1 {
				w.Failf("the poll after the wake does not see what was written before it")
			}
			return woken.get()
		}}
		r, _ := NewTask[int](f, d.schedule)
		wk := r.Waker()
		d.task.Store(r.h)
		w.Go("runner", func() {
			cx := NewContext(Waker{})
			for first := true; ; first = false {
				if !first {
					d.bed.Park()
				}
				h := d.task.Swap(nil)
				due = woken.get() // before the poll begins
				if (Runnable{h}).Run(cx) == Completed {
					return
				}
			}
		})
		w.Go("waker", func() {
			wk.WakeByRef()
			plain = 1
			wk.Wake()
			woken.set()
		})
	})
}

// hidden is a flag that makes no edge: it tells the model what has happened,
// and the race detector nothing.
type hidden struct{ is bool }

//go:norace
func (f *hidden) set() { f.is = true }

//go:norace
func (f *hidden) get() bool { return f.is }

// A panic ends the task while somebody joins, wakes and aborts.
func TestModelStatePanic(t *testing.T) {
	c := interleave.Config{Model: "rouse/state/panic-join-abort", Preemptions: 3}
	interleave.Check(t, c, func(w *interleave.World) {
		d := &desk{w: w}
		f := &probeFuture{w: w, panics: true}
		r, j := NewTask[int](f, d.schedule)
		wk := r.Waker()
		d.task.Store(r.h)
		var out Outcome
		w.Go("runner", func() {
			out = d.run(NewContext(Waker{}))
			if out == Panicked && r.Panic() == nil {
				w.Failf("Panicked without a panic")
			}
		})
		w.Go("waker", func() { wk.Wake() })
		w.Go("aborter", func() { j.Abort() })
		w.Go("joiner", func() {
			s := new(waiting)
			_, err := s.join(NewContext(NewWaker(s)), j)
			var p *PanicError
			if !errors.As(err, &p) && !errors.Is(err, ErrCanceled) {
				w.Failf("join: %v", err)
			}
		})
		w.Finally(func() {
			if out != Panicked && out != Canceled || f.drops != 1 {
				w.Failf("%v, %d Drops", out, f.drops)
			}
		})
	})
}
