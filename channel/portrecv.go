package channel

import (
	"strconv"

	"github.com/rouse-go/rouse"
)

// streakLimit is how many messages are taken from one sender before the others
// have their turn.
const streakLimit = 32

// TryRecv receives the next message and says which peer sent it; else it
// returns [ErrEmpty], or [ErrClosed] if all who send here have closed, or ended,
// and everything was received. Senders take turns.
func (p *Port[T]) TryRecv() (v T, from int, err error) {
	p.mustReceive()
	if p.shut {
		return v, 0, ErrClosed
	}
	for range len(p.in) + 1 {
		in := &p.in[p.next]
		if p.streak < streakLimit {
			var ok, wake bool
			if v, ok, wake = in.ring.Pop(); wake {
				p.mesh.ports[in.from].waker.WakeByRef()
			}
			if ok {
				p.streak++
				return v, in.from, nil
			}
		}
		p.turn()
	}
	return v, 0, p.nothing()
}

// TryRecvMany receives messages of one peer into buf, which must not be empty,
// and returns how many; else it returns what TryRecv does.
func (p *Port[T]) TryRecvMany(buf []T) (n, from int, err error) {
	p.mustReceive()
	if len(buf) == 0 {
		panic("rouse: channel: TryRecvMany with an empty buffer")
	}
	if p.shut {
		return 0, 0, ErrClosed
	}
	for range p.in {
		in := &p.in[p.next]
		p.turn()
		n, wake := in.ring.PopMany(buf)
		if wake {
			p.mesh.ports[in.from].waker.WakeByRef()
		}
		if n > 0 {
			return n, in.from, nil
		}
	}
	return 0, 0, p.nothing()
}

// turn goes on to the next sender.
func (p *Port[T]) turn() {
	p.streak = 0
	if p.next++; p.next == len(p.in) {
		p.next = 0
	}
}

// PollRecv receives the next message and says which peer sent it, or returns
// [rouse.Pending]: then the task will be woken when it is worth while to try
// again. When nothing can come any more it returns [ErrClosed].
func (p *Port[T]) PollRecv(cx *rouse.Context) (v T, from int, err error) {
	p.home.enter(cx)
	if !cx.Spend() {
		return v, 0, rouse.Pending
	}
	v, from, err = p.TryRecv()
	return v, from, p.afterRecv(cx, err)
}

// PollRecvMany is PollRecv for several messages of one peer, see
// [Port.TryRecvMany].
func (p *Port[T]) PollRecvMany(cx *rouse.Context, buf []T) (n, from int, err error) {
	p.home.enter(cx)
	if !cx.Spend() {
		return 0, 0, rouse.Pending
	}
	n, from, err = p.TryRecvMany(buf)
	return n, from, p.afterRecv(cx, err)
}

// afterRecv has the task wait if it must.
func (p *Port[T]) afterRecv(cx *rouse.Context, err error) error {
	switch err {
	case nil:
		p.receivers.served(cx)
		return nil
	case ErrEmpty:
		cx.Refund()
		p.receivers.join(cx)
		p.awaitMessage()
		return rouse.Pending
	}
	return err
}

// awaitMessage has the porter woken when a message comes. Without a waker yet,
// the porter's first poll does it.
func (p *Port[T]) awaitMessage() {
	if p.waker.IsZero() {
		return
	}
	// Either a sender, which looks at wanted after its message is visible, sees
	// this, or we see the message.
	p.wanted.Store(1) // pairs with the Load in tell
	if p.readable() { // register, then look again
		p.wanted.Store(0) // who is awake need not be told
		p.receivers.wake(p.home.loop)
	}
}

// tell is called by who has sent something to p, from the sender's executor.
func (p *Port[T]) tell() {
	// Pairs with the Store in awaitMessage. One of those who find 1 wakes.
	if p.wanted.Load() != 0 && p.wanted.Swap(0) != 0 {
		p.waker.WakeByRef()
	}
}

// readable reports whether TryRecv would return something else than ErrEmpty.
func (p *Port[T]) readable() bool {
	for i := range p.in {
		if !p.in[i].ring.Empty() {
			return true
		}
	}
	return p.nothing() != ErrEmpty
}

// nothing says why there is no message.
func (p *Port[T]) nothing() error {
	for i := range p.in {
		if !p.in[i].ring.Drained() {
			return ErrEmpty
		}
	}
	return ErrClosed
}

func (p *Port[T]) mustReceive() {
	if len(p.in) == 0 {
		panic("rouse: channel: peer " + strconv.Itoa(p.index) + " of a Mesh can't receive; look at the Roles that NewMesh was given")
	}
}
