package timer

import (
	"container/list"
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
	c := &timedContext{parent: ctx, ex: ex, clock: host.Alarms(), done: make(chan struct{}), followers: list.New()}
	c.values, c.cause = context.WithCancelCause(context.WithoutCancel(ctx))
	if parent, ok := ctx.Deadline(); ok {
		c.deadline = parent
	}
	if h, ok := ex.(driver.Host); ok {
		if at := h.Driver().Wall().Add(d); c.deadline.IsZero() || at.Before(c.deadline) {
			c.deadline = at
		}
	}
	switch {
	case ctx.Err() != nil:
		c.end(ctx.Err(), context.Cause(ctx))
	case d <= 0:
		c.end(context.DeadlineExceeded, ErrTimeout)
	default:
		c.follow()
		if !c.atHome(func() { c.arm(d) }) {
			c.end(context.Canceled, rouse.ErrClosed)
		}
	}
	return c, c.cancel
}

// timedContext is the ctx of WithTimeout. Everybody may use it, so it has a
// lock, which is never held while others' code is called. When it ends, whoever
// follows it is told there and then, in the order of registration: where
// package context would start goroutines, a fiber that awaits under it is woken
// in the same turn of the loop, every time.
type timedContext struct {
	parent   context.Context
	ex       rouse.Executor
	deadline time.Time
	done     chan struct{} // closed under mu

	// values is a standard ctx that nobody follows: it answers Value as the
	// parent does, and holds the cause where context.Cause finds it. Its Done
	// is not ours, so package context does not take us for it, and asks our
	// AfterFunc and our Err, which can be DeadlineExceeded.
	values context.Context
	cause  context.CancelCauseFunc

	mu        sync.Mutex
	err       error
	followers *list.List // of func(); nil after the end
	unfollow  func() bool

	clock *alarm.Clock
	alarm alarm.Alarm // home only
}

// follow has c end when its parent does.
func (c *timedContext) follow() {
	c.mu.Lock() // against an end that comes before unfollow is set
	defer c.mu.Unlock()
	c.unfollow = alarm.AfterEnd(c.parent, func() { c.endEarly(c.parent.Err(), context.Cause(c.parent)) })
}

// atHome runs fn on the executor's goroutine: now if we are there, else soon.
// It reports false if the executor has closed.
func (c *timedContext) atHome(fn func()) bool {
	if c.isHome() {
		fn()
		return true
	}
	return c.ex.Inject(func(*rouse.Context) { fn() }) == nil
}

// isHome reports whether the caller is on the executor's goroutine, as far as
// that can be told.
func (c *timedContext) isHome() bool {
	h, ok := c.ex.(interface{ AtHome() bool })
	return ok && h.AtHome()
}

func (c *timedContext) arm(d time.Duration) {
	if c.Err() == nil { // it may have ended on its way home
		c.clock.Set(&c.alarm, later(c.clock.Now(), int64(d)), rouse.NewContext(rouse.NewWaker(c)))
	}
}

// end ends the ctx and reports whether it had not ended before.
func (c *timedContext) end(err, cause error) bool {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return false
	}
	c.err = err
	c.cause(cause)
	close(c.done)
	tell, unfollow := c.followers, c.unfollow
	c.followers = nil
	c.mu.Unlock()
	if unfollow != nil {
		unfollow()
	}
	for e := tell.Front(); e != nil; e = e.Next() {
		e.Value.(func())()
	}
	return true
}

// endEarly is end with the alarm still set.
func (c *timedContext) endEarly(err, cause error) {
	if c.end(err, cause) {
		c.atHome(func() { c.clock.Stop(&c.alarm) }) // closed: it is gone already
	}
}

// cancel ends the ctx early. At home it has no alarm afterwards, also if a parent
// has ended it on another goroutine whose word to stop the alarm is still on its
// way, or will never arrive because the executor closes.
func (c *timedContext) cancel() {
	c.endEarly(context.Canceled, context.Canceled)
	if c.isHome() {
		c.clock.Stop(&c.alarm)
	}
}

// WakeByRef is called by the wheel: time is up.
func (c *timedContext) WakeByRef() { c.end(context.DeadlineExceeded, ErrTimeout) }

// Drop is called for a waker that wakes no more: the alarm has been stopped,
// after the end, or the executor has closed.
func (c *timedContext) Drop() { c.end(context.Canceled, rouse.ErrClosed) }

// What follows is context.Context, from any goroutine.

// Done returns a channel that is closed when the ctx has ended.
func (c *timedContext) Done() <-chan struct{} { return c.done }

// Deadline returns the wall-clock time at which the ctx ends.
func (c *timedContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

// Err returns context.DeadlineExceeded if the time was up.
func (c *timedContext) Err() error {
	if err := c.parent.Err(); err != nil {
		c.endEarly(err, context.Cause(c.parent)) // its message may still be on the way
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Value asks the parent.
func (c *timedContext) Value(key any) any {
	if alarm.IsEnderKey(key) {
		return c
	}
	return c.values.Value(key)
}

// AfterFunc is how package context, and fibers, follow the ctx. f is called
// when it ends, by whoever ends it; in a goroutine if it has ended. stop takes
// that back and reports whether it was in time.
func (c *timedContext) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f() // the caller may hold a lock that f takes
		return func() bool { return false }
	}
	e := c.followers.PushBack(f)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return false
		}
		before := c.followers.Len()
		c.followers.Remove(e) // nothing if it was removed
		return c.followers.Len() < before
	}
}
