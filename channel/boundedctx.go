package channel

import (
	"context"

	"github.com/rouse-go/rouse"
)

// fibers is what the ctx forms keep for the fibers of the home: futures to use
// again, and a count of what was done without one.
type fibers[T any] struct {
	recvs *BoundedRecv[T]
	sends *BoundedSend[T]
	// burst counts operations that succeeded without an Await since the last:
	// those spend no budget and see no cancellation, so there is a limit, and
	// then the sum is spent at once.
	burst uint8
}

const burstLimit = 32

// Send sends v; it waits while the channel is full. It may be called from
// fibers of any executor, where it suspends the fiber, and from goroutines,
// which it blocks; not inside a Poll. If ctx ends first it returns ctx.Err(),
// after Close [ErrClosed]. After any error v has not been sent.
//
// In a fiber of the channel's home it allocates nothing. From elsewhere it is a
// task at home: some hundred nanoseconds and a few allocations.
func (c *Bounded[T]) Send(ctx context.Context, v T) error {
	a := c.home.fiber(ctx)
	if a == nil {
		return c.sendAbroad(ctx, v)
	}
	if c.places.free > 0 && !c.closed && c.fibers.burst < burstLimit && ctx.Err() == nil {
		c.fibers.burst++
		c.places.free--
		c.push(v)
		return nil
	}
	f := c.fibers.sends
	if f == nil {
		f = &BoundedSend[T]{c: c}
	} else {
		c.fibers.sends, f.next = f.next, nil
	}
	f.Set(v)
	f.owed, c.fibers.burst = c.fibers.burst, 0
	err := f.awaitIn(ctx, a)
	f.empty()
	f.next, c.fibers.sends = c.fibers.sends, f
	return err
}

// Recv receives the next element; it waits while the channel is empty. It may be
// called from fibers of any executor, where it suspends the fiber, and from
// goroutines, which it blocks; not inside a Poll. If ctx ends first it returns
// ctx.Err(), and no element is lost. When the channel is closed and drained it
// returns [ErrClosed].
//
// In a fiber of the channel's home it allocates nothing. From elsewhere it is a
// task at home: some hundred nanoseconds and a few allocations.
func (c *Bounded[T]) Recv(ctx context.Context) (T, error) {
	a := c.home.fiber(ctx)
	if a == nil {
		return c.recvAbroad(ctx)
	}
	if c.elements.free > 0 && c.fibers.burst < burstLimit && ctx.Err() == nil {
		c.fibers.burst++
		c.elements.free--
		return c.pop(), nil
	}
	f := c.fibers.recvs
	if f == nil {
		f = &BoundedRecv[T]{c: c}
	} else {
		c.fibers.recvs, f.next = f.next, nil
	}
	f.owed, c.fibers.burst = c.fibers.burst, 0
	v, err := f.awaitIn(ctx, a)
	f.next, c.fibers.recvs = c.fibers.recvs, f
	return v, err
}

// awaitIn is rouse.Await in the fiber a, without its generality: each frame
// that stands between a fiber and its suspension costs time when it returns.
func (f *BoundedSend[T]) awaitIn(ctx context.Context, a rouse.Awaiter) error {
	defer f.Drop() // no more than a look if it is not pending
	if err := a.Begin(ctx); err != nil {
		return err
	}
	for {
		if _, err := f.Poll(a.Context()); err != rouse.Pending {
			return err
		}
		if err := a.Suspend(ctx); err != nil {
			return err
		}
	}
}

func (f *BoundedRecv[T]) awaitIn(ctx context.Context, a rouse.Awaiter) (v T, err error) {
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
