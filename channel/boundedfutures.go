package channel

import "github.com/rouse-go/rouse"

// A BoundedRecv is a future of the next element of a [Bounded], with a place in
// the line of its receivers. It is used at home, must not be copied after the
// first poll, and can be used again after a result: a task that receives many
// elements keeps one in itself. Whoever gives it up while it is pending must
// call Drop. The zero BoundedRecv is of no channel.
type BoundedRecv[T any] struct {
	c    *Bounded[T]
	w    waiter
	owed uint8           // units of budget to spend before the next element
	next *BoundedRecv[T] // free list, see fibers
}

// RecvFuture returns a future of the next element, by value, so that it can
// stand in another one. It has no place in the line until it is polled. From
// any goroutine.
func (c *Bounded[T]) RecvFuture() BoundedRecv[T] { return BoundedRecv[T]{c: c} }

// Poll returns the next element, or [ErrClosed] when the channel is closed and
// drained. After either it may be polled again, for the next.
func (f *BoundedRecv[T]) Poll(cx *rouse.Context) (v T, err error) {
	c := f.c
	if c == nil {
		panic("rouse: channel: Poll of the zero BoundedRecv; make it with RecvFuture")
	}
	c.home.enter(cx)
	if c.drained() {
		return v, ErrClosed
	}
	if !c.elements.await(cx, &f.w) {
		c.mustBeMade()
		return v, rouse.Pending
	}
	if !spend(cx, &f.owed) {
		return v, rouse.Pending
	}
	c.elements.take(&f.w)
	return c.pop(), nil
}

// Drop gives up the place in the line. If an element was promised to f already,
// it is the next receiver's, who is woken. Dropping one that is not pending does
// nothing.
func (f *BoundedRecv[T]) Drop() {
	if f.c != nil {
		f.c.elements.leave(&f.w)
	}
}

// A BoundedSend is a future that sends one element to a [Bounded], with a place
// in the line of its senders. It is used at home and must not be copied after
// the first poll. Whoever gives it up while it is pending must call Drop; then
// the element has not been sent. To use it again after a result call Set. The
// zero BoundedSend is of no channel.
type BoundedSend[T any] struct {
	c    *Bounded[T]
	v    T
	full bool // v is to be sent
	owed uint8
	w    waiter
	next *BoundedSend[T] // free list, see fibers
}

// SendFuture returns a future that sends v, by value, so that it can stand in
// another one. It has no place in the line until it is polled. From any
// goroutine.
func (c *Bounded[T]) SendFuture(v T) BoundedSend[T] {
	return BoundedSend[T]{c: c, v: v, full: true}
}

// Set gives a future that has sent its element another one. It panics if the
// last is still to be sent.
func (f *BoundedSend[T]) Set(v T) {
	if f.full {
		panic("rouse: channel: Set on a BoundedSend that has an element to send; poll it to its result, or Take that back")
	}
	f.v, f.full = v, true
}

// Take returns the element if it has not been sent, and makes f empty. It gives
// up the place in the line, as Drop does.
func (f *BoundedSend[T]) Take() (v T, ok bool) {
	f.Drop()
	v, ok = f.v, f.full
	f.empty()
	return v, ok
}

// Poll sends the element. After [ErrClosed] it has not been sent, and Take
// returns it. Polling after the element was sent is a bug and panics.
func (f *BoundedSend[T]) Poll(cx *rouse.Context) (none struct{}, err error) {
	c := f.c
	if c == nil {
		panic("rouse: channel: Poll of the zero BoundedSend; make it with SendFuture")
	}
	if !f.full {
		panic("rouse: channel: a BoundedSend was polled after its result; give it another element with Set")
	}
	c.home.enter(cx)
	if c.closed {
		c.places.leave(&f.w)
		return none, ErrClosed
	}
	if !c.places.await(cx, &f.w) {
		c.mustBeMade()
		return none, rouse.Pending
	}
	if !spend(cx, &f.owed) {
		return none, rouse.Pending
	}
	c.places.take(&f.w)
	v := f.v
	f.empty()
	c.push(v)
	return none, nil
}

func (f *BoundedSend[T]) empty() {
	var none T
	f.v, f.full = none, false
}

// Drop gives up the place in the line. If a place in the channel was promised to
// f already, it is the next sender's, who is woken. The element stays with f.
// Dropping one that is not pending does nothing.
func (f *BoundedSend[T]) Drop() {
	if f.c != nil {
		f.c.places.leave(&f.w)
	}
}

// spend spends a unit of the budget for an element and those that a fiber owes,
// see fibers. If there are not so many it reports false, and forgives the rest.
func spend(cx *rouse.Context, owed *uint8) bool {
	for ; *owed > 0; *owed-- {
		if !cx.Spend() {
			*owed = 0
			return false
		}
	}
	return cx.Spend()
}
