//go:build interleave

package rouse

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of joining a local task from elsewhere.

// A goroutine, or another executor's task, joins while the task is woken, is
// aborted, or its loop closes.
func TestModelJoinAbroad(t *testing.T) {
	c := interleave.Config{Model: "rouse/join/wake-run-join"}
	interleave.Check(t, c, func(w *interleave.World) { joinModel(w, false, false) })
}

func TestModelJoinAbroadAbort(t *testing.T) {
	c := interleave.Config{Model: "rouse/join/wake-run-abort-join", Preemptions: 3}
	interleave.Check(t, c, func(w *interleave.World) { joinModel(w, true, false) })
}

func TestModelJoinAbroadClose(t *testing.T) {
	c := interleave.Config{Model: "rouse/join/wake-close-join"}
	interleave.Check(t, c, func(w *interleave.World) { joinModel(w, false, true) })
}

func joinModel(w *interleave.World, abort, closing bool) {
	s := newStation(w)
	var news atomics.Bool
	f := &probeFuture{w: w, ready: func(int) bool { return news.Load() }}
	r, j := s.spawn(f)
	wk := r.Waker()
	w.Go("loop", func() {
		s.enter()
		if closing {
			s.turn()
			s.loop.Close(s.cx)
			return
		}
		s.runUntil(func() bool { return (f.ended || f.drops > 0) && r.h.state&handle == 0 })
	})
	w.Go("waker", func() {
		news.Store(true)
		wk.Wake()
	})
	if abort {
		w.Go("aborter", func() { j.Abort() })
	}
	w.Go("joiner", func() {
		me := new(waiting)
		v, err := me.join(NewContext(NewWaker(me)), j)
		if !(err == nil && v == probeResult || errors.Is(err, ErrCanceled) && (abort || closing)) {
			w.Failf("join: %d, %v", v, err)
		}
	})
	w.Finally(f.mustHaveEnded)
}

// A task of one executor joins a task of another: two loops, two mailboxes, and
// each sleeps until the other wakes it.
func TestModelJoinTwoLoops(t *testing.T) {
	c := interleave.Config{Model: "rouse/join/two-loops"}
	interleave.Check(t, c, func(w *interleave.World) {
		a, b := newStation(w), newStation(w)
		f := &probeFuture{w: w, ready: func(polls int) bool { return polls > 1 }, wait: func(cx *Context) { cx.WakeByRef() }}
		_, j := a.spawn(f)
		got := 0
		done := false
		b.spawn(FutureFunc[int](func(cx *Context) (int, error) {
			v, err := j.Poll(cx)
			if isPending(err) {
				return 0, Pending
			}
			got, done = v, true
			return v, err
		}))
		w.Go("a", func() {
			a.enter()
			a.runUntil(func() bool { return f.ended && j.h.state&handle == 0 })
		})
		w.Go("b", func() {
			b.enter()
			b.runUntil(func() bool { return done })
		})
		w.Finally(func() {
			if got != probeResult {
				w.Failf("joined %d", got)
			}
			if a.loop.Live() != 0 || b.loop.Live() != 0 {
				w.Failf("%d and %d tasks are left", a.loop.Live(), b.loop.Live())
			}
		})
	})
}
