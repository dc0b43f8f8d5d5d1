package timer

import (
	"context"
	"sync"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/alarm"
)

// WithTimeout derives a ctx that ends after d, like context.WithTimeout, but by
// the clock and the wheel of the executor that ctx carries, so that it is
// deterministic where the executor is. Its Err is context.DeadlineExceeded
// then, and that of every ctx derived from it, and context.Cause is
// [ErrTimeout]. Call cancel when it is no longer needed: that gives up its place
// in the wheel. If the executor closes first, the ctx is cancelled.
//
// From any goroutine. It panics if ctx carries no executor that keeps time.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ex := rouse.ExecutorFrom(ctx)
	host, ok := ex.(Host)
	if !ok {
		panic("rouse: timer.WithTimeout needs a ctx that carries an executor, such as a fiber's; use context.WithTimeout elsewhere")
	}
	c := &timedContext{clock: host.Alarms(), done: make(chan struct{})}
	c.inner, c.cancel = context.WithCancelCause(ctx)
	if parent, ok := ctx.Deadline(); ok {
		c.deadline = parent
	}
	if h, ok := ex.(driver.Host); ok {
		if at := h.Driver().Wall().Add(d); c.deadline.IsZero() || at.Before(c.deadline) {
			c.deadline = at
		}
	}
	context.AfterFunc(c.inner, c.close) // for when a ctx above ends
	if d <= 0 {
		c.end(ErrTimeout)
		return c, func() {}
	}
	atHome(ex, c, func() { c.arm(d) })
	return c, func() {
		if c.end(context.Canceled) {
			atHome(ex, c, c.disarm)
		}
	}
}

// atHome runs fn on ex's goroutine: now if we are there, else soon. If ex has
// closed, c ends instead.
func atHome(ex rouse.Executor, c *timedContext, fn func()) {
	if h, ok := ex.(interface{ AtHome() bool }); ok && h.AtHome() {
		fn()
	} else if ex.Inject(func(*rouse.Context) { fn() }) != nil {
		c.end(rouse.ErrClosed)
	}
}

// timedContext is the ctx of WithTimeout.
//
// A standard ctx inside does the work, but its Err can't be DeadlineExceeded.
// So Done is a channel of our own: then package context does not take us for
// the inner ctx, and asks our AfterFunc and our Err.
type timedContext struct {
	inner    context.Context
	cancel   context.CancelCauseFunc
	deadline time.Time
	done     chan struct{}
	once     sync.Once // closes done

	alarm alarm.Alarm // home only
	clock *alarm.Clock
}

func (c *timedContext) arm(d time.Duration) {
	if c.inner.Err() != nil {
		return // cancelled before it reached home
	}
	c.clock.Set(&c.alarm, later(c.clock.Now(), int64(d)), rouse.NewContext(rouse.NewWaker(c)))
}

func (c *timedContext) disarm() { c.clock.Stop(&c.alarm) }

// end ends the ctx for a reason of its own and reports whether that was the
// first.
func (c *timedContext) end(cause error) bool {
	first := c.inner.Err() == nil
	c.cancel(cause)
	c.close()
	return first
}

func (c *timedContext) close() { c.once.Do(func() { close(c.done) }) }

// WakeByRef is called by the wheel: time is up.
func (c *timedContext) WakeByRef() { c.end(ErrTimeout) }

// Drop is called for a waker that wakes no more: the alarm was given up, by
// cancel or because the executor has closed.
func (c *timedContext) Drop() { c.end(rouse.ErrClosed) }

// Done, Err, Deadline and Value are those of a context.Context: from any
// goroutine.

// Done returns a channel that is closed when the ctx has ended.
func (c *timedContext) Done() <-chan struct{} { return c.done }

// Deadline returns the wall-clock time at which the ctx ends.
func (c *timedContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

// Err returns context.DeadlineExceeded if the time was up.
func (c *timedContext) Err() error {
	err := c.inner.Err()
	if err == nil {
		return nil
	}
	c.close() // a ctx above has ended, and close is still on its way
	if context.Cause(c.inner) == ErrTimeout {
		return context.DeadlineExceeded
	}
	return err
}

// Value asks the parent, and lets context.Cause find the cause.
func (c *timedContext) Value(key any) any { return c.inner.Value(key) }

// AfterFunc is what package context calls to follow a ctx that it does not know.
func (c *timedContext) AfterFunc(f func()) func() bool { return context.AfterFunc(c.inner, f) }
