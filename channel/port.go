package channel

import (
	"strconv"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/spsc"
)

// A Port is one executor's end of a [Mesh]. All its methods but Index are for
// the tasks and fibers of that executor, any number of them.
type Port[T any] struct {
	mesh  *Mesh[T]
	index int
	home  home
	out   []outlet[T] // by receiver
	in    []inlet[T]  // of all senders

	next      int // the inlet whose turn it is
	streak    int // how many messages came from it in a row
	receivers crowd

	shut    bool // Close
	shutOut bool // CloseSend

	// waker wakes the porter. It is written once, before anybody can learn of
	// it: who finds wanted or the ring's hungry word set may read it.
	waker rouse.Waker

	_ [128]byte
	// wanted says that tasks wait to receive, so that whoever sends has to wake
	// the porter. It has cache lines of its own: senders look at it each time.
	wanted atomics.Uint32
	_      [128]byte
}

// An outlet is the way to one receiver; ring is nil if there is none.
type outlet[T any] struct {
	ring  *spsc.Ring[T]
	crowd crowd // who waits for room
}

// An inlet is the way from one sender.
type inlet[T any] struct {
	ring *spsc.Ring[T]
	from int
}

// streakLimit is how many messages are taken from one sender before the others
// have their turn.
const streakLimit = 32

func newPort[T any](m *Mesh[T], i, n int, ex rouse.Executor) *Port[T] {
	p := &Port[T]{mesh: m, index: i, out: make([]outlet[T], n)}
	p.home.bind(ex)
	return p
}

// Index returns which peer of the mesh this is. From any goroutine.
func (p *Port[T]) Index() int { return p.index }

// Peers returns the number of peers of the mesh. From any goroutine.
func (p *Port[T]) Peers() int { return len(p.mesh.ports) }

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

// deaf reports that what is sent to o would not arrive.
func (p *Port[T]) deaf(o *outlet[T]) bool { return p.shutOut || o.ring.Gone() }

func (p *Port[T]) outlet(to int) *outlet[T] {
	if uint(to) >= uint(len(p.out)) || p.out[to].ring == nil {
		panic("rouse: channel: peer " + strconv.Itoa(p.index) + " of a Mesh can't send to peer " + strconv.Itoa(to) +
			"; look at the Roles that NewMesh was given")
	}
	return &p.out[to]
}

func (p *Port[T]) mustReceive() {
	if len(p.in) == 0 {
		panic("rouse: channel: peer " + strconv.Itoa(p.index) + " of a Mesh can't receive; look at the Roles that NewMesh was given")
	}
}
