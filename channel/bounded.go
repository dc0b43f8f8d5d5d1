package channel

import (
	"strconv"

	"github.com/rouse-go/rouse"
)

// A Bounded is a first-in, first-out queue of at most Cap elements between the
// tasks and fibers of one executor; any number of them may send and receive.
// Who must wait is served in the order of coming; see the package comment. The
// zero Bounded is not ready, use [NewBounded]. It must not be copied.
//
// A send or receive that need not wait costs a few nanoseconds, and nothing is
// allocated after the first few waits.
type Bounded[T any] struct {
	home home

	ring   []T // of the exact capacity
	head   int // where the next element to be received stands
	n      int // elements in ring; free and promised permits of elements together
	closed bool

	elements permits
	places   permits

	fibers fibers[T]
}

// NewBounded returns a channel for up to capacity elements, which must be at
// least 1: there is no rendezvous form. The memory for all of them is allocated
// at once. From any goroutine.
func NewBounded[T any](capacity int) *Bounded[T] {
	if capacity < 1 {
		panic("rouse: channel: NewBounded with capacity " + strconv.Itoa(capacity) +
			"; it must be at least 1 (there is no rendezvous channel; an element may have to stand somewhere)")
	}
	c := &Bounded[T]{ring: make([]T, capacity)}
	c.elements.home, c.places.home = &c.home, &c.home
	c.places.free = capacity
	return c
}

// Bind makes ex the channel's home, before anybody has polled it. It is needed
// only if the first to use the channel is a goroutine whose ctx carries no
// executor. If the channel belongs to another executor already it panics. From
// any goroutine.
func (c *Bounded[T]) Bind(ex rouse.Executor) { c.home.bind(ex) }

// TrySend sends v if that can be done without waiting and without overtaking
// anybody; else it returns [ErrFull], or [ErrClosed] after Close. At home only.
func (c *Bounded[T]) TrySend(v T) error {
	switch {
	case c.closed:
		return ErrClosed
	case c.places.free <= 0:
		c.mustBeMade()
		return ErrFull
	}
	c.places.free--
	c.push(v)
	return nil
}

// TryRecv receives an element if that can be done without waiting and without
// overtaking anybody; else it returns [ErrEmpty], or [ErrClosed] if the channel
// is closed and drained. At home only.
func (c *Bounded[T]) TryRecv() (v T, err error) {
	switch {
	case c.elements.free > 0:
		c.elements.free--
		return c.pop(), nil
	case c.drained():
		return v, ErrClosed
	}
	c.mustBeMade()
	return v, ErrEmpty
}

// PollSend sends v, or returns [rouse.Pending]: then v has not been sent, and
// the task will be woken when it is worth while to try again. After Close it
// returns [ErrClosed]. Called by a task at home. A task that has got Pending may
// do something else instead and owes the channel nothing; for a place in the
// line see [Bounded.SendFuture].
func (c *Bounded[T]) PollSend(cx *rouse.Context, v T) error {
	c.home.enter(cx)
	if c.closed {
		return ErrClosed
	}
	if c.places.free <= 0 {
		c.mustBeMade()
		c.places.waitInCrowd(cx)
		return rouse.Pending
	}
	if !cx.Spend() {
		return rouse.Pending
	}
	c.places.free--
	c.places.crowd.served(cx)
	c.push(v)
	return nil
}

// PollRecv receives the next element, or returns [rouse.Pending]: then the task
// will be woken when it is worth while to try again. When the channel is closed
// and drained it returns [ErrClosed]. Called by a task at home. A task that has
// got Pending may do something else instead and owes the channel nothing; for a
// place in the line see [Bounded.RecvFuture].
func (c *Bounded[T]) PollRecv(cx *rouse.Context) (v T, err error) {
	c.home.enter(cx)
	if c.elements.free <= 0 {
		if c.drained() {
			return v, ErrClosed
		}
		c.mustBeMade()
		c.elements.waitInCrowd(cx)
		return v, rouse.Pending
	}
	if !cx.Spend() {
		return v, rouse.Pending
	}
	c.elements.free--
	c.elements.crowd.served(cx)
	return c.pop(), nil
}

// Close says that nothing more will be sent. Who waits to send is woken and gets
// [ErrClosed]; elements that are in the channel are still received, and then
// receivers get ErrClosed. Closing twice does nothing. At home only; from
// elsewhere have the executor do it, by Inject.
func (c *Bounded[T]) Close() {
	if c.closed {
		return
	}
	c.closed = true
	c.places.dismiss()
	if c.n == 0 {
		c.elements.dismiss()
	}
	// Else those who wait to receive wait on: every element is promised to
	// somebody before them, who may yet be dropped. Whoever takes the last one
	// dismisses them.
}

// Closed reports whether Close was called. At home only.
func (c *Bounded[T]) Closed() bool { return c.closed }

// Len returns the number of elements in the channel, those included that are
// promised to a receiver who has been woken. At home only.
func (c *Bounded[T]) Len() int { return c.n }

// Cap returns the capacity. From any goroutine.
func (c *Bounded[T]) Cap() int { return len(c.ring) }

// drained reports that nothing will ever be received again.
func (c *Bounded[T]) drained() bool { return c.closed && c.n == 0 }

func (c *Bounded[T]) mustBeMade() {
	if len(c.ring) == 0 {
		panic("rouse: channel: use of the zero Bounded; make channels with NewBounded")
	}
}

// push puts v in the place that the caller has taken a permit for.
func (c *Bounded[T]) push(v T) {
	i := c.head + c.n
	if i >= len(c.ring) {
		i -= len(c.ring)
	}
	c.ring[i] = v
	c.n++
	c.elements.release()
}

// pop returns the element that the caller has taken a permit for. All elements
// are alike to permits, so it is always the oldest.
func (c *Bounded[T]) pop() T {
	slot := &c.ring[c.head]
	v := *slot
	var none T
	*slot = none // the collector's
	c.head++
	if c.head == len(c.ring) {
		c.head = 0
	}
	c.n--
	if c.closed {
		if c.n == 0 {
			c.elements.dismiss()
		}
		return v
	}
	c.places.release()
	return v
}
