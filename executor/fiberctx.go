package executor

import (
	"context"
	"sync"
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
	if ctx := f.inner.have(); ctx != nil {
		return ctx.Err()
	}
	return f.parent.Err()
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

// innerContext is a cancellable context made when somebody asks for it.
type innerContext struct {
	mu   sync.Mutex
	ctx  context.Context
	stop context.CancelFunc
	over bool
}

func (c *innerContext) get(parent context.Context) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		c.ctx, c.stop = context.WithCancel(parent)
		if c.over {
			c.stop()
		}
	}
	return c.ctx
}

func (c *innerContext) have() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ctx
}

func (c *innerContext) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.stop != nil {
		c.stop()
	}
}
