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
	// burst counts operations that succeeded without a poll since the last:
	// those spend no budget, so there is a limit, and then the sum is spent at
	// once.
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
	if err := a.Begin(ctx); err != nil {
		return err
	}
	if c.places.free > 0 && !c.closed && c.fibers.burst < burstLimit {
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
	defer f.reuse()
	f.Set(v)
	f.owed, c.fibers.burst = c.fibers.burst, 0
	for { // as rouse.Await does, but with fewer frames to return through
		if _, err := f.Poll(a.Context()); err != rouse.Pending {
			return err
		}
		if err := a.Suspend(ctx); err != nil {
			return err
		}
	}
}

// reuse gives up what f waits for, if it does, and keeps f for the next fiber.
func (f *BoundedSend[T]) reuse() {
	f.Drop()
	f.empty()
	f.next, f.c.fibers.sends = f.c.fibers.sends, f
}

// Recv receives the next element; it waits while the channel is empty. It may be
// called from fibers of any executor, where it suspends the fiber, and from
// goroutines, which it blocks; not inside a Poll. If ctx ends first it returns
// ctx.Err(), and no element is lost. When the channel is closed and drained it
// returns [ErrClosed].
//
// In a fiber of the channel's home it allocates nothing. From elsewhere it is a
// task at home: some hundred nanoseconds and a few allocations.
func (c *Bounded[T]) Recv(ctx context.Context) (v T, err error) {
	a := c.home.fiber(ctx)
	if a == nil {
		return c.recvAbroad(ctx)
	}
	if err = a.Begin(ctx); err != nil {
		return v, err
	}
	if c.elements.free > 0 && c.fibers.burst < burstLimit {
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
	defer f.reuse()
	f.owed, c.fibers.burst = c.fibers.burst, 0
	for {
		if v, err = f.Poll(a.Context()); err != rouse.Pending {
			return v, err
		}
		if err = a.Suspend(ctx); err != nil {
			return v, err
		}
	}
}

func (f *BoundedRecv[T]) reuse() {
	f.Drop()
	f.next, f.c.fibers.recvs = f.c.fibers.recvs, f
}
