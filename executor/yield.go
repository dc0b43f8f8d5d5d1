package executor

import (
	"context"

	"github.com/rouse-go/rouse"
)

// Yield lets the other runnable tasks of the calling fiber's queue go first.
// Package fiber is how users call it. It does what rouse.Await of a rouse.Yield
// does, which is also what is left of it under a ctx that is not the calling
// fiber's own.
//
// It is short for a reason: the future would be an allocation, and after each
// switch of stacks the CPU has predicted every return wrongly, so each frame
// between here and the switch costs 6 or 7 ns.
func Yield(ctx context.Context) error {
	c, ok := ctx.(*fiberCtx)
	if !ok || !c.Current() {
		_, err := rouse.Await(ctx, rouse.Future[struct{}](rouse.Yield()))
		return err
	}
	f := c.l.fiber
	if f.canceled {
		return c.Begin(ctx)
	}
	if !f.endless {
		f.follow(ctx)
	}
	if f.watch != nil {
		if err := f.failure(ctx); err != nil {
			return err
		}
	}
	if next, yield := f.leave(true); next != nil {
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
