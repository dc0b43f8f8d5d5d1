package executor

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/alarm"
)

// The part of a fiber that rouse.Await sees. All of it runs on the fiber's own
// goroutine, which Current has found out.

// Context returns the Context of the poll that is going on.
func (c *fiberCtx) Context() *rouse.Context { return c.l.cx }

// Begin starts an await.
func (c *fiberCtx) Begin(ctx context.Context) error {
	f := c.l.fiber
	if f.canceled {
		// One turn for the others, so that a loop of awaits is no spin. In an
		// unwinding fiber deferred calls await, too, and go on unwinding.
		if d := f.dying; d == nil || !d.unwind || d.panics >= unwindLimit {
			f.co.Suspend()
		}
		return f.failure(ctx)
	}
	if !f.endless || ctx != context.Context(c) {
		f.follow(ctx)
	}
	if f.watch == nil {
		return nil
	}
	return f.failure(ctx)
}

// Suspend gives the turn back until the fiber is resumed.
func (c *fiberCtx) Suspend(ctx context.Context) error {
	f := c.l.fiber
	if next, yield := f.leave(false); next != nil { // from here: see Yield about frames
		next()
	} else {
		yield(struct{}{})
	}
	f.co.Back()
	if f.canceled || f.watch != nil { // canceled is set before unwind
		return f.failure(ctx)
	}
	return nil
}

// failure says why an await must end now, if it must.
func (f *fiberBody) failure(ctx context.Context) error {
	switch {
	case f.dying != nil && f.dying.unwind:
		f.dying.panics++
		panic(unwinding{})
	case f.canceled:
		return rouse.ErrCanceled
	case f.watch == nil:
		return nil // nothing that could have ended
	case ctx == context.Context(f.ctx):
		return f.ctx.parent.Err()
	}
	return ctx.Err()
}

// watch has the fiber woken when a ctx ends. Registering costs allocations, so
// it is kept across awaits, as long as they are under the same Done channel.
type watch struct {
	done   <-chan struct{}
	cancel func() bool
	waker  rouse.Waker
}

// follow sees to it that the end of ctx wakes the fiber.
func (f *fiberBody) follow(ctx context.Context) {
	if ctx == context.Context(f.ctx) { // its own cancellation needs no watching
		ctx = f.ctx.parent
		f.endless = ctx.Done() == nil
	}
	done := ctx.Done()
	if f.watch != nil && done == f.watch.done {
		return
	}
	f.unfollow()
	if done == nil {
		return
	}
	w := f.l.cx.Waker()
	f.watch = &watch{done, alarm.AfterEnd(ctx, w.WakeByRef), w}
}

func (f *fiberBody) unfollow() {
	if w := f.watch; w != nil {
		w.cancel()
		w.waker.Drop()
		f.watch = nil
	}
}
