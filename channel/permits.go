package channel

import "github.com/rouse-go/rouse"

// permits is a semaphore for the tasks of one executor: plain memory, waiters in
// a list made of themselves. A channel has two, for elements and for places.
//
// A permit is free, or promised to a waiter, or taken. Invariant: while a
// permit is free nobody waits, neither in the line nor in the crowd. So whoever
// finds one free may take it without overtaking anybody, and whatever is given
// back while somebody waits goes to him at once.
type permits struct {
	home  *home // of the channel
	free  int
	first *waiter // the line: waiters that were promised nothing yet
	last  *waiter
	crowd crowd // who waits without a waiter
}

// A waiter is a place in the line of one permits; it stands in a future. The
// zero waiter is in no line. It must not be copied while it is in one.
type waiter struct {
	waker rouse.Waker // counted; zero unless waiting
	next  *waiter
	prev  *waiter
	place place
}

type place uint8

const (
	absent   place = iota
	waiting        // in the line, with a waker
	promised       // woken, with a permit that nobody else can take
)

// await reports whether w can take a permit. If not it stands in the line, with
// the waker of cx.
func (p *permits) await(cx *rouse.Context, w *waiter) bool {
	switch w.place {
	case absent:
		if p.free > 0 {
			return true
		}
		waker := cx.Waker()
		if p.free > 0 { // a Clone of somebody's own waker may do anything
			waker.Drop()
			return true
		}
		w.waker = waker
		p.queue(w)
		return false
	case waiting:
		if !cx.WillWake(w.waker) {
			old := w.waker
			w.waker = cx.Waker()
			old.Drop()
		}
		return w.place == promised
	default:
		return true
	}
}

// waitInCrowd has the task that cx wakes woken when a permit is free.
func (p *permits) waitInCrowd(cx *rouse.Context) {
	p.crowd.join(cx)
	if p.free > 0 { // register, then look again: see await
		p.crowd.wake(p.home.loop)
	}
}

// take takes the permit that await has found.
func (p *permits) take(w *waiter) {
	if w.place == promised {
		w.place = absent
		return
	}
	p.free--
}

// leave ends whatever w has: its place in the line, or a promise, which then
// goes to the next.
func (p *permits) leave(w *waiter) {
	switch w.place {
	case waiting:
		p.unlink(w)
		w.place = absent
		waker := w.waker
		w.waker = rouse.Waker{}
		waker.Drop()
	case promised:
		w.place = absent
		p.release()
	}
}

// release gives a permit back, or a new one.
func (p *permits) release() {
	if p.first == nil && p.crowd.waiting == 0 {
		p.free++
		return
	}
	p.releaseTo()
}

func (p *permits) releaseTo() {
	if w := p.first; w != nil {
		p.unlink(w)
		w.place = promised
		w.wake(p.home.loop)
		return
	}
	p.free++
	p.crowd.wake(p.home.loop)
}

// dismiss wakes everybody without a promise: what they wait for won't come.
func (p *permits) dismiss() {
	for w := p.first; w != nil; w = p.first {
		p.unlink(w)
		w.place = absent
		w.wake(p.home.loop)
	}
	p.crowd.wake(p.home.loop)
}

func (w *waiter) wake(at *rouse.Loop) {
	waker := w.waker
	w.waker = rouse.Waker{}
	at.Wake(waker) // last: it may do anything
}

func (p *permits) queue(w *waiter) {
	w.place = waiting
	w.prev = p.last
	if p.last != nil {
		p.last.next = w
	} else {
		p.first = w
	}
	p.last = w
}

func (p *permits) unlink(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		p.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		p.last = w.prev
	}
	w.next, w.prev = nil, nil
}
