package timer

import (
	"context"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/alarm"
)

// WithTimeout derives a ctx that ends after d, like context.WithTimeout, but by
// the clock and the wheel of the executor that ctx carries, so that it is
// deterministic where the executor is. Call cancel when it is no longer needed.
// From any goroutine. It panics if ctx carries no executor that keeps time.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ex := rouse.ExecutorFrom(ctx)
	if _, ok := ex.(Host); !ok {
		panic("rouse: timer.WithTimeout needs a ctx that carries an executor, such as a fiber's; use context.WithTimeout elsewhere")
	}
	inner, cancel := context.WithCancelCause(ctx)
	c := &timedContext{Context: inner, cancel: cancel}
	if parent, ok := ctx.Deadline(); ok {
		c.deadline = parent
	}
	if h, ok := ex.(driver.Host); ok {
		if at := h.Driver().Wall().Add(d); c.deadline.IsZero() || at.Before(c.deadline) {
			c.deadline = at
		}
	}
	atHome(ex, func(cx *rouse.Context) { c.arm(cx, d) })
	return c, func() {
		cancel(context.Canceled)
		atHome(ex, func(cx *rouse.Context) { c.disarm() })
	}
}

// atHome runs fn on ex's goroutine, soon. If ex has closed it does not matter.
func atHome(ex rouse.Executor, fn func(*rouse.Context)) { _ = ex.Inject(fn) }

// timedContext is the ctx of WithTimeout; its alarm is only touched at home.
type timedContext struct {
	context.Context
	cancel   context.CancelCauseFunc
	deadline time.Time

	alarm alarm.Alarm
	clock *alarm.Clock
}

func (c *timedContext) arm(cx *rouse.Context, d time.Duration) {
	if c.Context.Err() != nil {
		return // cancelled before it reached home
	}
	c.clock = clockOf(cx)
	c.clock.Set(&c.alarm, later(c.clock.Now(), int64(max(d, 0))), rouse.NewContext(rouse.NewWaker(c)))
}

func (c *timedContext) disarm() {
	if c.clock != nil {
		c.clock.Stop(&c.alarm)
	}
}

// WakeByRef is called by the wheel: time is up.
func (c *timedContext) WakeByRef() { c.cancel(ErrTimeout) }

// Deadline returns the wall-clock time at which the ctx ends.
func (c *timedContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

// Err returns context.DeadlineExceeded if the time was up.
func (c *timedContext) Err() error {
	err := c.Context.Err()
	if err != nil && context.Cause(c.Context) == ErrTimeout {
		return context.DeadlineExceeded
	}
	return err
}
