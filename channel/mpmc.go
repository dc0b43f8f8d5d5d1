package channel

import (
	"strconv"

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
// is there, while another goroutine has been preempted in the midst of a send, or
// a receive, that began before; who waits yields until that one ends.
//
// A send and a receive together cost some 20 ns where nobody waits and no other
// thread is at work, and allocate nothing; nor does waiting, in the poll forms
// and futures, once as many wait as ever will. A future that finds nothing yields
// once before it waits, and a goroutine twice. Of two that want the same place at
// the same moment one loses: a goroutine then stands back for some microseconds, a
// poll returns Pending and has its task polled again.
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
	c.ring.Patience(standBack)
	c.ring.Loose()
	c.recv.crowd.anonymous, c.send.crowd.anonymous = true, true
	return c
}

// standBack is some two microseconds: a run of elements costs a third of what as
// many cost that two threads fight for one by one.
const standBack = 8192

// Who moves an element wakes whoever that concerns: sent and received. The
// pattern is everywhere the same. A position is taken, then the waiters are looked
// at; who waits enters, and then looks whether positions have been taken; so one
// sees the other (crossbeam's array channel does it so). That a slot has changed
// may be seen later than this look, see [mpmc.Ring.Loose]: who waits doesn't go by
// it, see sleepUnlessMore.
//
// One wake may be for several elements, if a send that began before has kept them
// from being seen, or for none, if another was quicker. So whoever has moved one,
// and sees that more could be moved, wakes the next.

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
