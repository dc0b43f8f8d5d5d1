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
		if !f.unwind || f.panics >= unwindLimit {
			f.pause()
		}
		return f.failure(ctx)
	}
	f.watch.follow(f, ctx)
	return f.failure(ctx)
}

// Suspend gives the turn back until the fiber is resumed.
func (f *fiberBody) Suspend(ctx context.Context) error {
	f.co.Suspend()                         // not pause: see Yield about frames
	if f.canceled || f.watch.done != nil { // canceled is set before unwind
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
	case f.unwind:
		f.panics++
		panic(unwinding{})
	case f.canceled:
		return rouse.ErrCanceled
	case f.watch.done == nil:
		return nil // nothing that could have ended
	case ctx == context.Context(f):
		return f.parent.Err()
	}
	return ctx.Err()
}

// watch has the fiber woken when a ctx ends. Registering costs two allocations,
// so it is kept across awaits, as long as they are under the same Done channel.
type watch struct {
	done   <-chan struct{}
	cancel func() bool
	waker  rouse.Waker
}

func (w *watch) follow(f *fiberBody, ctx context.Context) {
	if ctx == context.Context(f) { // its own cancellation needs no watching
		if f.endless {
			return
		}
		ctx = f.parent
		f.endless = ctx.Done() == nil
	}
	done := ctx.Done()
	if done == w.done {
		return
	}
	w.stop()
	if done == nil {
		return
	}
	w.done, w.waker = done, f.cx.Waker()
	w.cancel = context.AfterFunc(ctx, w.waker.WakeByRef)
}

func (w *watch) stop() {
	if w.cancel != nil {
		w.cancel()
		w.waker.Drop()
	}
	*w = watch{}
}
