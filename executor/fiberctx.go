package executor

import (
	"context"
	"time"
	"unsafe"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// fiberCtx is a fiber's context.Context, which carries it; other goroutines may
// use it, and keep it when the fiber has ended. It is an object of its own so
// that the fiber itself can be used again.
//
// One is allocated for each fiber, so what can stand elsewhere does: 24 bytes
// are left. The fiber itself is l.fiber whenever it runs.
type fiberCtx struct {
	*origin
	id    atomics.Uintptr // the goroutine that runs the fiber; 0 before, and hasEnded after
	inner innerContext
}

// origin is what the contexts of all fibers with one parent share. It is never
// changed.
type origin struct {
	l      *Local
	parent context.Context
}

// originOf returns the origin of a fiber that is spawned under ctx. The last one
// is kept: a loop that accepts connections spawns under one ctx for ever.
func (l *Local) originOf(ctx context.Context, atHome bool) *origin {
	if c, ok := ctx.(*fiberCtx); ok {
		if c.l == l {
			return c.origin
		}
		ctx = c.parent
	}
	if !atHome {
		return &origin{l, ctx}
	}
	if l.lastOrigin == nil || !identical(l.lastOrigin.parent, ctx) {
		l.lastOrigin = &origin{l, ctx}
	}
	return l.lastOrigin
}

// identical compares two contexts word by word: == panics for some types.
func identical(a, b context.Context) bool {
	return *(*[2]uintptr)(unsafe.Pointer(&a)) == *(*[2]uintptr)(unsafe.Pointer(&b))
}

// hasEnded is the id of a fiber that has ended; no goroutine has it. (1 would
// not do: without gid that is the number of the main goroutine.)
const hasEnded = ^uintptr(0)

// Executor returns the executor that runs the fiber.
func (c *fiberCtx) Executor() rouse.Executor { return c.l }

// Current reports whether the caller is the fiber. Only the fiber's goroutine
// finds itself in id; it may serve another fiber later, so id is cleared at the
// end.
func (c *fiberCtx) Current() bool { return gid.Identity() == c.id.Load() }

// Deadline returns the parent's deadline.
func (c *fiberCtx) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done returns a channel that is closed when the fiber is cancelled or has
// ended, or its parent ctx has. It is made at the first call: most fibers never
// need it.
func (c *fiberCtx) Done() <-chan struct{} {
	ctx := c.inner.get(c.parent)
	if c.id.Load() == hasEnded { // pairs with the Store in run, as ended's look at inner does
		c.inner.cancel()
	}
	return ctx.Done()
}

// ended closes Done, if anybody has asked for it.
func (c *fiberCtx) ended() {
	if c.asked() { // after the Store in run: see Done
		c.inner.cancel()
	}
}

// asked reports whether ended has something to do.
func (c *fiberCtx) asked() bool { return c.inner.p.Load() != nil }

// Err says whether Done is closed, and why.
func (c *fiberCtx) Err() error {
	switch in := c.inner.p.Load(); in {
	case nil:
		if err := c.parent.Err(); err != nil || c.id.Load() != hasEnded {
			return err
		}
		return context.Canceled
	case endedInner:
		if err := c.parent.Err(); err != nil {
			return err
		}
		return context.Canceled
	default:
		return in.ctx.Err()
	}
}

// Value answers for the carrier key with the fiber, and asks the parent for
// all others. The inner context answers context's own key for propagating
// cancellation, so that deriving from the fiber's ctx starts no goroutine. For
// those who follow its end see AfterFunc.
func (c *fiberCtx) Value(key any) any {
	if rouse.IsCarrierKey(key) || alarm.IsEnderKey(key) {
		return c
	}
	if ctx := c.inner.have(); ctx != nil {
		return ctx.Value(key)
	}
	return c.parent.Value(key)
}

// innerContext is a cancellable context made when somebody asks for it. Awaits
// look at it all the time, so that is one load and no lock.
type innerContext struct{ p atomics.Pointer[inner] }

type inner struct {
	ctx       context.Context
	stop      context.CancelFunc
	followers followers
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
		in := &inner{ctx: ctx, stop: stop}
		if p == endedInner {
			stop()
			in.followers.ended = true
		}
		if c.p.CompareAndSwap(p, in) { // pairs with the one in cancel
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
		p.followers.tell()
	}
}
