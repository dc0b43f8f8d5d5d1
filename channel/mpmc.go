package channel

import (
	"runtime"
	"strconv"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/mpmc"
)

// An MPMC is a first-in, first-out queue of at most Cap elements between any
// number of senders and receivers on any number of threads: tasks of whatever
// executors, fibers and goroutines, on either end. Everything may be called from
// anywhere, and nothing takes a lock. The zero MPMC is not ready, use [NewMPMC].
// It must not be copied.
//
// The queue is package mpmc's ring, after Vyukov. Elements come out in the order
// in which they went in; who waits is woken about in the order of coming, and is
// promised nothing: somebody else may be quicker, and then the one that was woken
// waits again, behind the others. A try may fail although an element, or room,
// is there, while another goroutine is in the midst of a send, or a receive, that
// began before; who waits is woken when that one ends.
//
// A send and a receive together cost some 25 ns where nobody waits and no other
// thread is at work, and allocate nothing; nor does waiting, in the poll forms
// and futures, once as many wait as ever will. A future that finds nothing yields
// once before it waits, and a goroutine twice.
//
// As with [Bounded], there are three forms: tries, polls with and without a
// future, and calls with a ctx. Tasks that wait without a future (PollSend and
// PollRecv) leave nothing that could be dropped, so they are all woken, as soon as
// there is something and no future waits for it. Where many tasks wait at one end
// let each keep an [MPMCRecv] or [MPMCSend] in itself, and poll that.
type MPMC[T any] struct {
	ring *mpmc.Ring[T]
	recv end
	send end
}

// An end is those who wait to receive, or to send.
type end struct {
	_     [64]byte
	line  waiters // futures
	crowd waiters // tasks without
}

// wake wakes one with a future, or else all without.
func (e *end) wake() {
	if e.line.any() && e.line.wake() {
		return
	}
	if e.crowd.any() {
		e.crowd.wakeAll()
	}
}

func (e *end) wakeAll() {
	e.line.wakeAll()
	e.crowd.wakeAll()
}

func (e *end) any() bool { return e.line.any() || e.crowd.any() }

// NewMPMC returns a channel for up to capacity elements, which must be at least 1.
// The memory for all of them is allocated at once. From any goroutine.
func NewMPMC[T any](capacity int) *MPMC[T] {
	if capacity < 1 {
		panic("rouse: channel: NewMPMC with capacity " + strconv.Itoa(capacity) +
			"; it must be at least 1 (there is no rendezvous channel; an element may have to stand somewhere)")
	}
	c := &MPMC[T]{ring: mpmc.NewRing[T](capacity)}
	c.ring.StandBack(standBack)
	c.ring.Loose()
	c.recv.crowd.anonymous, c.send.crowd.anonymous = true, true
	return c
}

// standBack is some two microseconds: a run of elements costs a third of what as
// many cost that two threads fight for one by one.
const standBack = 8192

// Who moves an element wakes whoever that concerns: sent and received. The
// pattern is everywhere the same. The channel changes, then its waiters are
// looked at; who waits enters, and then looks at the channel again; so one sees
// the other. One wake may be for several elements, if a send that began before
// has kept them from being seen, or for none, if another was quicker. So whoever
// has moved one, and sees that more could be moved, wakes the next.

// sent is called when an element has been put into the ring.
func (c *MPMC[T]) sent() {
	if c.recv.any() {
		c.recv.wake()
	}
	if c.send.any() && c.ring.Room() {
		c.send.wake()
	}
}

// received is called when an element has been taken out of the ring.
func (c *MPMC[T]) received() {
	if c.send.any() {
		c.send.wake()
	}
	if c.recv.any() && c.ring.Ready() {
		c.recv.wake()
	}
}

// trySend sends v if there is room that can be seen.
func (c *MPMC[T]) trySend(v T) error {
	if c.ring.Push(v) {
		c.sent()
		return nil
	}
	if c.ring.Closed() {
		return ErrClosed
	}
	return ErrFull
}

// tryRecv receives an element if one can be seen.
func (c *MPMC[T]) tryRecv() (v T, err error) {
	if v, ok := c.ring.Pop(); ok {
		c.received()
		return v, nil
	}
	if c.ring.Drained() {
		return v, ErrClosed
	}
	return v, ErrEmpty
}

// TrySend sends v if that can be done without waiting; else it returns
// [ErrFull], or [ErrClosed] after Close. From anywhere.
func (c *MPMC[T]) TrySend(v T) error {
	c.mustBeMade()
	err := c.trySend(v)
	for pause := shortest; err == ErrFull && pause <= longest && !c.ring.Full(); pause *= 2 {
		mpmc.Spin(pause)
		err = c.trySend(v)
	}
	return err
}

// TryRecv receives an element if that can be done without waiting; else it
// returns [ErrEmpty], or [ErrClosed] if the channel is closed and drained. From
// anywhere.
func (c *MPMC[T]) TryRecv() (v T, err error) {
	c.mustBeMade()
	v, err = c.tryRecv()
	for pause := shortest; err == ErrEmpty && pause <= longest && !c.ring.Empty(); pause *= 2 {
		mpmc.Spin(pause)
		v, err = c.tryRecv()
	}
	return v, err
}

// What a send has put into the ring may be seen a moment after the send has
// returned, see [mpmc.Ring.Loose]: until the processor has emptied its store
// buffer, some hundred nanoseconds. So that nobody can tell, a try that finds the
// place taken and not filled yet looks again, for some 30 µs in all, before it
// takes the other for one that has been preempted in the midst.
const (
	shortest = 1 << 8
	longest  = 1 << 16
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
	err := c.trySend(v)
	if err == ErrFull {
		c.send.crowd.join(cx)
		err = c.trySend(v) // register, then look again
	}
	if err == ErrFull {
		c.sleepIfFull(cx)
		return rouse.Pending
	}
	return err
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
	v, err = c.tryRecv()
	if err == ErrEmpty {
		c.recv.crowd.join(cx)
		v, err = c.tryRecv() // register, then look again
	}
	if err == ErrEmpty {
		c.sleepIfEmpty(cx)
		err = rouse.Pending
	}
	return v, err
}

// sleepIfEmpty is the last that a receiver does who has entered, and has found
// nothing: he sleeps, unless a send is under way, whose end may not know of him.
func (c *MPMC[T]) sleepIfEmpty(cx *rouse.Context) {
	cx.Refund()
	if !c.ring.Empty() {
		yieldTo(cx)
	}
}

// sleepIfFull is the same for senders.
func (c *MPMC[T]) sleepIfFull(cx *rouse.Context) {
	cx.Refund()
	if !c.ring.Full() {
		yieldTo(cx)
	}
}

// yieldTo has the task polled again, and lets whoever is in the midst of a send or
// receive go on, in case it was preempted there: nothing else takes so long.
func yieldTo(cx *rouse.Context) {
	runtime.Gosched()
	cx.WakeByRef()
}

// Close says that nothing more will be sent. Who waits to send is woken and gets
// [ErrClosed]; elements that are in the channel are still received, also those
// whose sends have begun, and then receivers get ErrClosed. Closing twice does
// nothing. From anywhere.
func (c *MPMC[T]) Close() {
	c.mustBeMade()
	if !c.ring.Close() {
		return
	}
	c.send.wakeAll()
	c.recv.wakeAll()
}

// Closed reports whether Close was called. From anywhere.
func (c *MPMC[T]) Closed() bool { return c.ring.Closed() }

// Len returns the number of elements in the channel, those included whose sends
// have begun. It is a number that was true, or nearly so, a moment ago. From
// anywhere.
func (c *MPMC[T]) Len() int { return c.ring.Len() }

// Cap returns the capacity. From anywhere.
func (c *MPMC[T]) Cap() int { return c.ring.Cap() }

func (c *MPMC[T]) mustBeMade() {
	if c.ring == nil {
		panic("rouse: channel: use of the zero MPMC; make channels with NewMPMC")
	}
}
