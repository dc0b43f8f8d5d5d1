package executor

import (
	"math/bits"

	"github.com/rouse-go/rouse/internal/atomics"
)

// idle is the workers of a Shared that have nothing to do. A worker is busy; or
// searching, which means that it looks at every queue; or parked. Two rules keep
// every runnable task from being left alone:
//
// Who has made a task runnable calls wanted. If somebody searches, that is all;
// else one parked worker is unparked, and it is searching from that moment on.
//
// Who stops searching looks at every queue once more after he has said so: if he
// is about to park, or if he has found something and was the last to search. If
// there is work, he calls wanted.
//
// So of a push and the end of a search one sees the other: the push comes first
// in the order of the word and the queues, or the caller of wanted finds nobody
// searching. Chains of these make one wake for a burst, and one more for each
// worker that found work and saw more.
//
// Tokio's multi-thread scheduler and Go's own follow the same idea.
type idle struct {
	// word counts searching workers below and parked ones from bit 16. Its
	// changes pair with the loads in wanted, and with the queues' own words.
	word atomics.Uint32
	// parked has a bit for each parked worker, set before it is counted in the
	// word, so who has taken one out of the count finds a bit.
	parked []atomics.Uint64
	total  uint32
}

const (
	oneSearching = 1
	oneParked    = 1 << 16
	searching    = oneParked - 1 // mask
)

func (d *idle) init(workers int) {
	d.parked = make([]atomics.Uint64, (workers+63)/64)
	d.total = uint32(workers)
}

// wanted says that something was made runnable.
func (s *Shared) wanted() {
	d := &s.idle
	for {
		w := d.word.Load()
		if w&searching != 0 || w < oneParked {
			return
		}
		if s.unparkOne(w) {
			return
		}
	}
}

// unparkOne unparks a worker unless the word has changed since it was w.
func (s *Shared) unparkOne(w uint32) bool {
	d := &s.idle
	if !d.word.CompareAndSwap(w, w-oneParked+oneSearching) {
		return false
	}
	s.workers[d.take()].token.Send() // has room: it is parked, and takes one each time
	return true
}

// unparkAll unparks every worker that is parked now.
func (s *Shared) unparkAll() {
	for w := s.idle.word.Load(); w >= oneParked; w = s.idle.word.Load() {
		s.unparkOne(w)
	}
}

// take returns a parked worker, whom the caller has taken out of the count.
func (d *idle) take() int {
	for {
		for i := range d.parked {
			if w := d.parked[i].Load(); w != 0 {
				n := bits.TrailingZeros64(w)
				if d.parked[i].And(^(1<<n))&(1<<n) != 0 {
					return i*64 + n
				}
			}
		}
	}
}

// beginSearch reports whether the caller shall search: not if half of all do.
func (d *idle) beginSearch() bool {
	for {
		w := d.word.Load()
		if 2*(w&searching) >= d.total {
			return false
		}
		if d.word.CompareAndSwap(w, w+oneSearching) {
			return true
		}
	}
}

// endSearch says that the caller has found work. If he was the last, others may
// have relied on him.
func (s *Shared) endSearch() {
	const minusOne = ^uint32(0)
	if s.idle.word.Add(minusOne)&searching == 0 && s.hasWork() {
		s.wanted()
	}
}

// park sleeps until somebody unparks w, which then is searching.
func (w *worker) park(wasSearching bool) {
	d := &w.s.idle
	d.parked[w.number/64].Or(1 << (w.number % 64))
	delta := uint32(oneParked)
	if wasSearching {
		delta -= oneSearching
	}
	d.word.Add(delta)
	switch { // counted, then look again
	case w.s.halt.Load(): // pairs with the Store in stopNow
		w.s.unparkAll()
	case w.s.hasWork():
		w.s.wanted() // unparks one, perhaps us
	}
	w.token.Receive()
}

// hasWork reports whether some queue has a task to take.
func (s *Shared) hasWork() bool {
	if s.queue.Ready() {
		return true
	}
	for _, w := range s.workers {
		if w.queue.Ready() {
			return true
		}
	}
	return false
}
