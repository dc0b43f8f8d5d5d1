package channel

import "github.com/rouse-go/rouse"

// A queued is what a future keeps while it waits in a line of an MPMC.
type queued struct {
	spot  spot
	waker rouse.Waker // the spot's, to compare; not counted
	in    bool
	// yielded is set when the task has yielded before it waits. Nearly always
	// the other end has much to do, and does it meanwhile: yielding costs a
	// fifth of what waiting and waking do, and it is done for many elements
	// instead of one.
	yielded bool
	// mayBlock is set if a goroutine polls that has nothing else to do.
	mayBlock bool
}

// wait makes the future wait with the waker of cx, if it doesn't already. Then it
// has to look again.
func (q *queued) wait(ws *waiters, cx *rouse.Context) {
	if q.in {
		if cx.WillWake(q.waker) && !q.spot.told() {
			return // or the wake is on its way
		}
		q.leave(ws)
	}
	q.waker, q.in, q.yielded = cx.Waker(), true, true
	q.spot = ws.enter(q.waker)
}

// leave ends the waiting that is, and reports whether a wake was meant for it.
func (q *queued) leave(ws *waiters) (woken bool) {
	woken = ws.leave(q.spot)
	*q = queued{mayBlock: q.mayBlock}
	return woken
}

// An MPMCRecv is a future of the next element of an [MPMC]. It may move between
// goroutines from poll to poll, and can be used again after a result: a task that
// receives many elements keeps one in itself. It must not be copied after the
// first poll. Whoever gives it up while it is pending must call Drop. The zero
// MPMCRecv is of no channel.
type MPMCRecv[T any] struct {
	c *MPMC[T]
	q queued
}

// RecvFuture returns a future of the next element, by value, so that it can
// stand in another one. From anywhere.
func (c *MPMC[T]) RecvFuture() MPMCRecv[T] { return MPMCRecv[T]{c: c} }

// Poll returns the next element, or [ErrClosed] when the channel is closed and
// drained. After either it may be polled again, for the next.
func (f *MPMCRecv[T]) Poll(cx *rouse.Context) (v T, err error) {
	c := f.c
	if c == nil {
		panic("rouse: channel: Poll of the zero MPMCRecv; make it with RecvFuture")
	}
	if !cx.Spend() {
		return v, rouse.Pending
	}
	switch v, err = c.take(); {
	case err == errLost:
		return v, again(cx)
	case err != ErrEmpty:
		f.q.yielded = false
		f.Drop() // perhaps we were the next that our own receive has woken
		return v, err
	case !f.q.yielded:
		f.q.yielded = true
		return v, again(cx)
	}
	f.q.wait(&c.recv.line, cx)
	return v, c.sleepUnlessMore(cx, f.q.mayBlock)
}

// Drop gives up waiting. If the future had been woken already, another that waits
// is woken in its place. Dropping one that is not pending does nothing.
func (f *MPMCRecv[T]) Drop() {
	if f.q.in && f.q.leave(&f.c.recv.line) && f.c.ring.Ready() {
		f.c.recv.wake()
	}
}

// An MPMCSend is a future that sends one element to an [MPMC]. It may move between
// goroutines from poll to poll, and must not be copied after the first. Whoever
// gives it up while it is pending must call Drop; then the element has not been
// sent. To use it again after a result call Set. The zero MPMCSend is of no
// channel.
type MPMCSend[T any] struct {
	c    *MPMC[T]
	v    T
	full bool // v is to be sent
	q    queued
}

// SendFuture returns a future that sends v, by value, so that it can stand in
// another one. From anywhere.
func (c *MPMC[T]) SendFuture(v T) MPMCSend[T] { return MPMCSend[T]{c: c, v: v, full: true} }

// Set gives a future that has sent its element another one. It panics if the
// last is still to be sent.
func (f *MPMCSend[T]) Set(v T) {
	if f.full {
		panic("rouse: channel: Set on an MPMCSend that has an element to send; poll it to its result, or Take that back")
	}
	f.v, f.full = v, true
}

// Take returns the element if it has not been sent, and makes f empty. It gives
// up waiting, as Drop does.
func (f *MPMCSend[T]) Take() (v T, ok bool) {
	f.Drop()
	v, ok = f.v, f.full
	f.empty()
	return v, ok
}

// Poll sends the element. After [ErrClosed] it has not been sent, and Take
// returns it. Polling after the element was sent is a bug and panics.
func (f *MPMCSend[T]) Poll(cx *rouse.Context) (none struct{}, err error) {
	c := f.c
	if c == nil {
		panic("rouse: channel: Poll of the zero MPMCSend; make it with SendFuture")
	}
	if !f.full {
		panic("rouse: channel: an MPMCSend was polled after its result; give it another element with Set")
	}
	if !cx.Spend() {
		return none, rouse.Pending
	}
	switch err = c.offer(f.v); {
	case err == errLost:
		return none, again(cx)
	case err != ErrFull:
		f.q.yielded = false
		f.Drop() // perhaps we were the next that our own send has woken
		if err == nil {
			f.empty()
		}
		return none, err
	case !f.q.yielded:
		f.q.yielded = true
		return none, again(cx)
	}
	f.q.wait(&c.send.line, cx)
	return none, c.sleepUnlessRoom(cx, f.q.mayBlock)
}

func (f *MPMCSend[T]) empty() {
	var none T
	f.v, f.full = none, false
}

// Drop gives up waiting. If the future had been woken already, another that waits
// is woken in its place. The element stays with f. Dropping one that is not
// pending does nothing.
func (f *MPMCSend[T]) Drop() {
	if f.q.in && f.q.leave(&f.c.send.line) && f.c.ring.Room() {
		f.c.send.wake()
	}
}
