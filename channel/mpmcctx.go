package channel

import (
	"context"
	"runtime"

	"github.com/rouse-go/rouse"
)

// patience is how often a goroutine yields before it waits: see queued.yielded.
const patience = 2

// endless reports that ctx has no end, and is no fiber's: then what need not wait
// needs no further questions. A fiber would have to spend of its budget, and its
// ctx makes its Done channel when asked.
func endless(ctx context.Context) bool {
	if _, ok := ctx.(rouse.Awaiter); ok {
		return false
	}
	return ctx.Done() == nil
}

// Send sends v; it waits while the channel is full. It may be called from fibers
// of any executor, where it suspends the fiber, and from goroutines, which it
// blocks; not inside a Poll. If ctx ends first it returns ctx.Err(), after Close
// [ErrClosed]. After any error v has not been sent.
//
// It allocates nothing if it need not wait, and in a fiber not at all.
func (c *MPMC[T]) Send(ctx context.Context, v T) error {
	c.mustBeMade()
	if endless(ctx) {
		if err := c.send1(v); err != ErrFull {
			return err
		}
	}
	if a := rouse.FiberOf(ctx); a != nil {
		return c.sendInFiber(ctx, a, v)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.send1(v); err != ErrFull {
		return err
	}
	return c.sendSlowly(ctx, v)
}

//go:noinline
func (c *MPMC[T]) sendSlowly(ctx context.Context, v T) error {
	for range patience {
		runtime.Gosched()
		if err := c.send1(v); err != ErrFull {
			return err
		}
	}
	f := c.SendFuture(v)
	f.q.yielded, f.q.mayBlock = true, true
	_, err := rouse.AwaitOn[struct{}](ctx, nil, &f)
	return err
}

func (c *MPMC[T]) sendInFiber(ctx context.Context, a rouse.Awaiter, v T) (err error) {
	f := c.SendFuture(v)
	defer f.Drop() // cancelled, or unwinding; after a result it does nothing
	if err = a.Begin(ctx); err != nil {
		return err
	}
	for {
		if _, err = f.Poll(a.Context()); err != rouse.Pending {
			return err
		}
		if err = a.Suspend(ctx); err != nil {
			return err
		}
	}
}

// Recv receives the next element; it waits while the channel is empty. It may be
// called from fibers of any executor, where it suspends the fiber, and from
// goroutines, which it blocks; not inside a Poll. If ctx ends first it returns
// ctx.Err(), and no element is lost. When the channel is closed and drained it
// returns [ErrClosed].
//
// It allocates nothing if it need not wait, and in a fiber not at all.
func (c *MPMC[T]) Recv(ctx context.Context) (v T, err error) {
	c.mustBeMade()
	if endless(ctx) {
		if v, err = c.recv1(); err != ErrEmpty {
			return v, err
		}
	}
	if a := rouse.FiberOf(ctx); a != nil {
		return c.recvInFiber(ctx, a)
	}
	if err = ctx.Err(); err != nil {
		return v, err
	}
	if v, err = c.recv1(); err != ErrEmpty {
		return v, err
	}
	return c.recvSlowly(ctx)
}

//go:noinline
func (c *MPMC[T]) recvSlowly(ctx context.Context) (T, error) {
	for range patience {
		runtime.Gosched()
		if v, err := c.recv1(); err != ErrEmpty {
			return v, err
		}
	}
	f := c.RecvFuture()
	f.q.yielded, f.q.mayBlock = true, true
	return rouse.AwaitOn[T](ctx, nil, &f)
}

func (c *MPMC[T]) recvInFiber(ctx context.Context, a rouse.Awaiter) (v T, err error) {
	f := c.RecvFuture()
	defer f.Drop()
	if err = a.Begin(ctx); err != nil {
		return v, err
	}
	for {
		if v, err = f.Poll(a.Context()); err != rouse.Pending {
			return v, err
		}
		if err = a.Suspend(ctx); err != nil {
			return v, err
		}
	}
}
