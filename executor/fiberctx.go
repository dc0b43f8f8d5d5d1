package executor

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
)

// The part of a fiber that is its context.Context. It may be used from any
// goroutine.

// Deadline returns the parent's deadline.
func (f *fiberBody) Deadline() (time.Time, bool) { return f.parent.Deadline() }

// Done returns a channel that is closed when the fiber is cancelled or has
// ended, or its parent ctx has. It is made at the first call: most fibers never
// need it.
func (f *fiberBody) Done() <-chan struct{} { return f.inner.get(f.parent).Done() }

// Err says whether Done is closed, and why.
func (f *fiberBody) Err() error {
	switch in := f.inner.p.Load(); in {
	case nil:
		return f.parent.Err()
	case endedInner:
		if err := f.parent.Err(); err != nil {
			return err
		}
		return context.Canceled
	default:
		return in.ctx.Err()
	}
}

// Value answers for the carrier key with the fiber, and asks the parent for
// all others. The inner context answers context's own key for propagating
// cancellation, so that deriving from the fiber's ctx starts no goroutine.
func (f *fiberBody) Value(key any) any {
	if rouse.IsCarrierKey(key) {
		return f
	}
	if ctx := f.inner.have(); ctx != nil {
		return ctx.Value(key)
	}
	return f.parent.Value(key)
}

// innerContext is a cancellable context made when somebody asks for it. Awaits
// look at it all the time, so that is one load and no lock.
type innerContext struct{ p atomic.Pointer[inner] }

type inner struct {
	ctx  context.Context
	stop context.CancelFunc
}

// endedInner says that the fiber was cancelled, or has ended, before anybody
// asked.
var endedInner = new(inner)

func (c *innerContext) get(parent context.Context) context.Context {
	for {
		p := c.p.Load()
		if p != nil && p != endedInner {
			return p.ctx
		}
		ctx, stop := context.WithCancel(parent)
		if p == endedInner {
			stop()
		}
		if c.p.CompareAndSwap(p, &inner{ctx, stop}) { // pairs with the one in cancel
			return ctx
		}
		stop() // somebody else has made one, or it has just ended
	}
}

func (c *innerContext) have() context.Context {
	if p := c.p.Load(); p != nil {
		return p.ctx // nil of endedInner
	}
	return nil
}

func (c *innerContext) cancel() {
	p := c.p.Load()
	if p == nil && c.p.CompareAndSwap(nil, endedInner) { // pairs with the one in get
		return
	}
	if p = c.p.Load(); p != endedInner {
		p.stop()
	}
}
