package channel

import "github.com/rouse-go/rouse"

// A Oneshot carries one value from one sender to one receiver, both at home in
// one executor. The zero Oneshot is ready for use, so it can stand in the
// object that makes the request; it must not be copied after that. It allocates
// nothing.
//
// A *Oneshot is itself the future of the value, and a [rouse.Dropper]: dropping
// it says that the receiver is gone. Either end may go first: the receiver then
// gets [ErrClosed], or the sender does. With Reset it is good for another value.
type Oneshot[T any] struct {
	home  home
	stage stage
	v     T           // while sent
	waker rouse.Waker // the receiver's, while it waits
}

type stage uint8

const (
	untold       stage = iota // nothing has happened
	sent                      // v is there
	senderGone                // there will be no value
	receiverGone              // nobody will take one
	over                      // the receiver has had its result
)

// Bind makes ex the home, before anybody has polled the Oneshot; see
// [Bounded.Bind].
func (o *Oneshot[T]) Bind(ex rouse.Executor) { o.home.bind(ex) }

// TrySend gives v to the receiver; it never has to wait. If the receiver is gone
// it returns [ErrClosed]. A nil error does not mean that the receiver will live
// to take v. To send twice, or after CloseSend, is a bug and panics. At home
// only.
func (o *Oneshot[T]) TrySend(v T) error {
	switch o.stage {
	case untold:
		o.v, o.stage = v, sent
		o.wake()
		return nil
	case receiverGone:
		return ErrClosed
	}
	panic("rouse: channel: Send on a Oneshot that was sent to already, or whose sender closed it; it carries one value, see Reset")
}

// CloseSend says that the sender is gone: if it has not sent, the receiver gets
// [ErrClosed]; else nothing happens. At home only.
func (o *Oneshot[T]) CloseSend() {
	if o.stage == untold {
		o.stage = senderGone
		o.wake()
	}
}

// ReceiverGone reports whether the receiver has been dropped, so that there is no
// use in working for an answer. At home only.
func (o *Oneshot[T]) ReceiverGone() bool { return o.stage == receiverGone }

// Poll returns the value, or [ErrClosed] if the sender is gone without one. It
// is called at home, by one task. Polling after either is a bug and panics.
func (o *Oneshot[T]) Poll(cx *rouse.Context) (v T, err error) {
	o.home.enter(cx)
	o.mustBeReceivable()
	if o.stage != untold {
		if !cx.Spend() {
			return v, rouse.Pending
		}
		return o.take()
	}
	if o.waker.IsZero() || !cx.WillWake(o.waker) {
		old := o.waker
		o.waker = cx.Waker()
		old.Drop()
		if o.stage != untold { // register, then look again: a Clone may do anything
			o.wake()
		}
	}
	return v, rouse.Pending
}

// TryRecv is Poll without waiting: it returns [ErrEmpty] if nothing is there
// yet. At home only.
func (o *Oneshot[T]) TryRecv() (v T, err error) {
	o.mustBeReceivable()
	if o.stage == untold {
		return v, ErrEmpty
	}
	return o.take()
}

// Drop says that the receiver is gone. A value that was sent already is thrown
// away. It is called at home, if Poll has not returned a result.
func (o *Oneshot[T]) Drop() {
	if o.stage == over {
		return
	}
	var none T
	o.v, o.stage = none, receiverGone
	o.forget()
}

// Reset makes a Oneshot new, without a home, when both ends are done with it. It
// panics if a value waits to be taken, or a receiver for one.
func (o *Oneshot[T]) Reset() {
	if o.stage == sent || !o.waker.IsZero() {
		panic("rouse: channel: Reset of a Oneshot that is in use; let the receiver have its result, or Drop it, first")
	}
	o.stage = untold
	o.home.unbind()
}

func (o *Oneshot[T]) take() (v T, err error) {
	if o.stage == senderGone {
		o.stage = over
		return v, ErrClosed
	}
	v, o.v = o.v, v
	o.stage = over
	return v, nil
}

func (o *Oneshot[T]) mustBeReceivable() {
	if o.stage >= receiverGone {
		panic("rouse: channel: a Oneshot was polled after its result, or after Drop; it carries one value, see Reset")
	}
}

func (o *Oneshot[T]) wake() {
	waker := o.waker
	o.waker = rouse.Waker{}
	waker.Wake() // last: it may do anything
}

// forget ends the registration of a receiver that stops waiting.
func (o *Oneshot[T]) forget() {
	waker := o.waker
	o.waker = rouse.Waker{}
	waker.Drop()
}
