package mpmc

import "github.com/rouse-go/rouse/internal/atomics"

// Loose makes a push and a pop cheaper by a third where an ordered store is dear:
// what the caller loads after one of them may have been loaded before others see
// the slot change; not, though, before they see that its position is taken. So a
// pusher may miss who enters to wait after that moment. Whoever waits must not
// sleep unless Empty, or Full, has said so after he entered. Call it before the
// ring is used.
func (r *Ring[T]) Loose() { r.loose = true }

// pass gives the slot to whom its turn names next.
func (r *Ring[T]) pass(s *slot[T], turn uint64) {
	if r.loose {
		atomics.StoreRelease(&s.turn, turn)
	} else {
		s.turn.Store(turn)
	}
}

// Empty reports that at a moment during the call there was no element, and none on
// its way in. Every push that takes a position after it came after it entirely:
// it sees whatever the caller stored before. A closed ring is never Empty, there
// is nothing to wait for.
func (r *Ring[T]) Empty() bool {
	pos := r.head.Load()
	switch tail := r.tail.Load(); { // pairs with the swap in Offer, and with Close
	case tail == pos: // head is never past tail, so it was here, too
		return true
	case tail&^closed != pos && int64(r.at(pos).turn.Load()-(pos+1)) < 0:
		atomics.Spinning() // until that push ends
	}
	return false
}

// Full reports that at a moment during the call there was no room, and none about
// to be. Every pop that takes a position after it came after it entirely: it sees
// whatever the caller stored before. A closed ring is never Full.
func (r *Ring[T]) Full() bool {
	pos := r.tail.Load()
	switch {
	case pos&closed != 0:
	case r.head.Load() == pos-r.lap: // pairs with the swap in Take; tail is never past head+lap
		return true
	case int64(r.at(pos).turn.Load()-pos) < 0:
		atomics.Spinning() // until that pop ends
	}
	return false
}
