package executor

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/coro"
)

// The loop gives a fiber its turn, and a fiber that suspends gives it back, or
// passes it on: if the next task of the queue is a fiber that has started, the
// switch goes straight there, which costs half of what the way by the loop does.
// The order of the polls, and their number in a batch, are the same either way.

// fiberOf returns the fiber that r is the task of.
func fiberOf(r rouse.Runnable) *fiberBody {
	return (*fiberBody)(r.Future()) // a fiber starts with its body
}

// leave is the first half of suspending f, which runs: what it returns is to be
// called as with Coro.Leave. yields says that f wants its next turn at once.
func (f *fiberBody) leave(yields bool) (next func() (struct{}, bool), yield func(struct{}) bool) {
	to := f.l.successor(yields)
	f.yields = yields && to == nil // the loop looks, in back
	return f.co.Leave(to)
}

// successor takes the turn from the fiber that has it, and gives it to the next
// task if that is a fiber that can go on, whose coroutine it returns. If it is
// nil the turn goes to the loop, and nothing has changed.
func (l *Local) successor(yields bool) *coro.Coro {
	if l.left <= 0 || l.current.head.IsZero() {
		return nil
	}
	r := l.current.head
	if !r.IsStackful() {
		return nil
	}
	f := fiberOf(r)
	if !f.running || !l.fiber.task.PassTo(r, l.cx, yields) {
		return nil
	}
	l.current.pop()
	l.left--
	l.fiber = f
	return f.co
}

// heir ends f, which runs on c and has returned a result without an error, and
// gives its turn and its coroutine to the next task, if that is a fiber which
// has not started. If it is nil the turn goes to the loop, and f has not ended;
// so it is also where ending f might call what isn't ours.
func (f *fiberBody) heir(c *coro.Coro) *fiberBody {
	l := f.l
	if l.left <= 0 || l.current.head.IsZero() || f.canceled || f.watch != nil || f.ctx.asked() {
		return nil
	}
	r := l.current.head
	if !r.IsStackful() {
		return nil
	}
	next := fiberOf(r)
	if next.running {
		return nil
	}
	f.running = false
	if !f.task.FinishFor(r, l.cx) {
		f.running = true
		return nil
	}
	l.current.pop()
	l.left--
	l.fiber = next
	next.startOn(c, r)
	return next
}

// back does what is left to do, on the loop's goroutine, when f has given the
// turn back.
func (f *fiberBody) back() rouse.Outcome {
	r := f.task
	switch {
	case f.co.Ended():
		f.end()
		return r.Finish(f.l.cx)
	case f.yields:
		f.yields = false
		return r.Repeat(f.l.cx)
	default:
		return r.Pause(f.l.cx)
	}
}
