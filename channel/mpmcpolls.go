package channel

import (
	"runtime"
	"time"

	"github.com/rouse-go/rouse"
)

// PollSend sends v, or returns [rouse.Pending]: then v has not been sent, and
// the task will be woken when it is worth while to try again. After Close it
// returns [ErrClosed]. A task that has got Pending may do something else instead
// and owes the channel nothing; for a place in the line see [MPMC.SendFuture].
func (c *MPMC[T]) PollSend(cx *rouse.Context, v T) error {
	c.mustBeMade()
	if !cx.Spend() {
		return rouse.Pending
	}
	switch err := c.offer(v); err {
	case errLost:
		return again(cx)
	case ErrFull:
		c.send.crowd.join(cx)
		return c.sleepUnlessRoom(cx, false)
	default:
		return err
	}
}

// PollRecv receives the next element, or returns [rouse.Pending]: then the task
// will be woken when it is worth while to try again. When the channel is closed
// and drained it returns [ErrClosed]. A task that has got Pending may do something
// else instead and owes the channel nothing; for a place in the line see
// [MPMC.RecvFuture].
func (c *MPMC[T]) PollRecv(cx *rouse.Context) (v T, err error) {
	c.mustBeMade()
	if !cx.Spend() {
		return v, rouse.Pending
	}
	switch v, err = c.take(); err {
	case errLost:
		err = again(cx)
	case ErrEmpty:
		c.recv.crowd.join(cx)
		err = c.sleepUnlessMore(cx, false)
	}
	return v, err
}

// again has the task polled again. Who loses to another does that: the other
// keeps the cache line and moves a run of elements with it, and meanwhile there
// may be tasks that want to do something else.
func again(cx *rouse.Context) error {
	cx.Refund()
	cx.WakeByRef()
	return rouse.Pending
}

// sleepUnlessMore is the last that a receiver does who has found nothing and has
// entered: register, then look again. He sleeps, unless a send is under way that
// has its place already. Such a one may end without seeing him, see
// [mpmc.Ring.Loose]; all that take their place after Empty said so will see him.
func (c *MPMC[T]) sleepUnlessMore(cx *rouse.Context, mayBlock bool) error {
	if !c.ring.Empty() {
		if !c.ring.Ready() {
			letEnd(mayBlock)
		}
		return again(cx)
	}
	cx.Refund()
	return rouse.Pending
}

// sleepUnlessRoom is the same for senders.
func (c *MPMC[T]) sleepUnlessRoom(cx *rouse.Context, mayBlock bool) error {
	if !c.ring.Full() {
		if !c.ring.Room() {
			letEnd(mayBlock)
		}
		return again(cx)
	}
	cx.Refund()
	return rouse.Pending
}

// letEnd passes the time until whoever is in the midst of a send or receive has
// ended it. Since the caller has yielded before, that one was preempted, and may
// need this very CPU: a goroutine of its own sleeps, a task's only yields.
func letEnd(mayBlock bool) {
	if mayBlock {
		time.Sleep(20 * time.Microsecond)
	} else {
		runtime.Gosched()
	}
}
