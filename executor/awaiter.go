package executor

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/gid"
)

// The part of a fiber that rouse.Await sees. Everything here but Current and
// Executor runs on the fiber's goroutine.

// Executor returns the executor that runs the fiber.
func (f *fiberBody) Executor() rouse.Executor { return f.l }

// Current reports whether the caller is the fiber. Only the fiber's goroutine
// finds itself in id; it may serve another fiber later, so id is cleared at the
// end.
func (f *fiberBody) Current() bool { return gid.Identity() == f.id.Load() }

// Context returns the Context of the poll that is going on.
func (f *fiberBody) Context() *rouse.Context { return f.cx }

// Begin starts an await.
func (f *fiberBody) Begin(ctx context.Context) error {
	if f.canceled {
		// One turn for the others, so that a loop of awaits is no spin. In an
		// unwinding fiber deferred calls await, too, and go on unwinding.
		if d := f.dying; d == nil || !d.unwind || d.panics >= unwindLimit {
			f.pause()
		}
		return f.failure(ctx)
	}
	f.follow(ctx)
	return f.failure(ctx)
}

// Suspend gives the turn back until the fiber is resumed.
func (f *fiberBody) Suspend(ctx context.Context) error {
	f.co.Suspend()                    // not pause: see Yield about frames
	if f.canceled || f.watch != nil { // canceled is set before unwind
		return f.failure(ctx)
	}
	return nil
}

func (f *fiberBody) pause() {
	f.co.Suspend()
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
	case ctx == context.Context(f):
		return f.parent.Err()
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
	if ctx == context.Context(f) { // its own cancellation needs no watching
		if f.endless {
			return
		}
		ctx = f.parent
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
	w := f.cx.Waker()
	f.watch = &watch{done, context.AfterFunc(ctx, w.WakeByRef), w}
}

func (f *fiberBody) unfollow() {
	if w := f.watch; w != nil {
		w.cancel()
		w.waker.Drop()
		f.watch = nil
	}
}
