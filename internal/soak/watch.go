package main

import (
	"sync/atomic"

	"github.com/rouse-go/rouse"
)

// A watch sees to it that a task keeps its contract: it is polled by one
// goroutine at a time, not after its end, and ends once, by a result or by Drop.
type watch struct {
	r     *round
	id    int
	inner rouse.Future[int] // nil for a fiber, which is no future of ours
	kind  string
	tally tally

	fiber   bool // it ends on a coroutine
	started atomic.Bool
	task    rouse.AbortHandle // of a fiber; book.mu guards it
	known   bool              // task is set
	polling atomic.Int32
	ends    atomic.Int32
}

// newWatch numbers a task; nil if the round has had enough of them.
func (r *round) newWatch(kind string, inner rouse.Future[int]) *watch {
	id := int(r.book.tasks.Add(1)) - 1
	if id >= taskLimit {
		return nil
	}
	w := &watch{r: r, id: id, inner: inner, kind: kind}
	r.book.mu.Lock()
	r.book.owed = append(r.book.owed, w)
	r.book.mu.Unlock()
	return w
}

// enter and leave stand around a poll.
func (w *watch) enter() {
	if n := w.polling.Add(1); n != 1 {
		w.r.book.failf("task %d (%s) is polled by %d at once", w.id, w.kind, n)
	}
	w.started.Store(true)
	if w.ends.Load() != 0 {
		w.r.book.failf("task %d (%s) is polled after its end", w.id, w.kind)
	}
	w.tally.Polls++
}

func (w *watch) leave() { w.polling.Add(-1) }

// end notes the one end of the task.
func (w *watch) end(how string) {
	if n := w.ends.Add(1); n != 1 {
		w.r.book.failf("task %d (%s) ends for the %dth time, now by %s", w.id, w.kind, n, how)
	}
	w.r.trace(w.id, how)
	w.r.book.add(w.tally)
}

func (w *watch) ended() bool { return w.ends.Load() != 0 }

// over reports whether the task has ended, or is a fiber that was cancelled
// before it began: nobody tells that one. book.mu is held.
func (w *watch) over() bool {
	return w.ended() || w.known && !w.started.Load() && w.task.IsFinished() && !w.started.Load()
}

func (w *watch) Poll(cx *rouse.Context) (int, error) {
	w.enter()
	w.r.trace(w.id, "poll")
	v, err := w.inner.Poll(cx)
	if err != rouse.Pending {
		w.tally.Results++
		w.leave()
		w.end("result")
		return v, err
	}
	w.leave()
	return v, err
}

func (w *watch) Drop() {
	if n := w.polling.Load(); n != 0 {
		w.r.book.failf("task %d (%s) is dropped while it is polled", w.id, w.kind)
	}
	w.tally.Drops++
	if d, ok := w.inner.(rouse.Dropper); ok {
		d.Drop()
	}
	w.end("drop")
}
