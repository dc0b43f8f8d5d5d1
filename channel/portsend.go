package channel

import (
	"strconv"

	"github.com/rouse-go/rouse"
)

// TrySend sends v to peer `to` if that can be done without waiting and without
// overtaking a task that waits to send there; else it returns [ErrFull], or
// [ErrClosed] if this port or the receiver's is closed.
func (p *Port[T]) TrySend(to int, v T) error {
	o := p.outlet(to)
	if p.deaf(o) {
		return ErrClosed
	}
	if o.crowd.waiting > 0 || !o.ring.Push(v) {
		return ErrFull
	}
	p.mesh.ports[to].tell()
	return nil
}

// TrySendMany sends as many of vs, from the first on, as TrySend would, and
// returns their number. The receiver is woken once at most, which makes it
// cheaper for each.
func (p *Port[T]) TrySendMany(to int, vs []T) (int, error) {
	o := p.outlet(to)
	if p.deaf(o) {
		return 0, ErrClosed
	}
	if len(vs) == 0 {
		return 0, nil
	}
	n := 0
	if o.crowd.waiting == 0 {
		n = o.ring.PushMany(vs)
	}
	if n == 0 {
		return 0, ErrFull
	}
	p.mesh.ports[to].tell()
	return n, nil
}

// PollSend sends v to peer `to`, or returns [rouse.Pending]: then v has not been
// sent, and the task will be woken when half of the queue is free. If this port
// or the receiver's is closed it returns [ErrClosed].
func (p *Port[T]) PollSend(cx *rouse.Context, to int, v T) error {
	p.home.enter(cx)
	if !cx.Spend() {
		return rouse.Pending
	}
	err := p.TrySend(to, v)
	return p.afterSend(cx, to, err)
}

// PollSendMany is PollSend for as many of vs, from the first on, as there is
// room for: it returns how many were sent, at least one unless vs is empty.
func (p *Port[T]) PollSendMany(cx *rouse.Context, to int, vs []T) (int, error) {
	p.home.enter(cx)
	if !cx.Spend() {
		return 0, rouse.Pending
	}
	n, err := p.TrySendMany(to, vs)
	return n, p.afterSend(cx, to, err)
}

// afterSend has the task wait if it must.
func (p *Port[T]) afterSend(cx *rouse.Context, to int, err error) error {
	o := &p.out[to]
	switch err {
	case nil:
		o.crowd.served(cx)
		return nil
	case ErrFull:
		cx.Refund()
		o.crowd.join(cx)
		p.awaitRoom(o)
		return rouse.Pending
	}
	return err
}

// awaitRoom has the porter woken when there is room in o. Without a waker yet,
// the porter's first poll does it.
func (p *Port[T]) awaitRoom(o *outlet[T]) {
	if !p.waker.IsZero() && o.ring.AskRoom() { // register, then look again
		o.crowd.wake(p.home.loop)
	}
}

// deaf reports that what is sent to o would not arrive.
func (p *Port[T]) deaf(o *outlet[T]) bool { return p.shutOut || o.ring.Gone() }

func (p *Port[T]) outlet(to int) *outlet[T] {
	if uint(to) >= uint(len(p.out)) || p.out[to].ring == nil {
		panic("rouse: channel: peer " + strconv.Itoa(p.index) + " of a Mesh can't send to peer " + strconv.Itoa(to) +
			"; look at the Roles that NewMesh was given")
	}
	return &p.out[to]
}
