package channel

import (
	"runtime"

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
		return c.sleepUnlessRoom(cx)
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
		err = c.sleepUnlessMore(cx)
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
func (c *MPMC[T]) sleepUnlessMore(cx *rouse.Context) error {
	if !c.ring.Empty() {
		if !c.ring.Ready() {
			runtime.Gosched() // who is in the midst may have been preempted
		}
		return again(cx)
	}
	cx.Refund()
	return rouse.Pending
}

// sleepUnlessRoom is the same for senders.
func (c *MPMC[T]) sleepUnlessRoom(cx *rouse.Context) error {
	if !c.ring.Full() {
		if !c.ring.Room() {
			runtime.Gosched()
		}
		return again(cx)
	}
	cx.Refund()
	return rouse.Pending
}
