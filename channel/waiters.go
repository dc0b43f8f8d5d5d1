package channel

import (
	"math/bits"
	"unsafe"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// waiters is who waits at one end of a channel that several threads use: wakers
// in numbered slots, which are taken, woken and given back without a lock. Who
// comes takes the next free slot after the one taken last, and who is to be woken
// is the next after the one woken last, so that each waits for at most as many
// wakes as there are slots in use. Slots stand in chunks; chunks are added when
// more wait at once than ever before, and stay.
//
// A slot goes through these states; its words above the lowest bits count its
// uses, so that a reader knows whether it is still the same.
//
//	free ──▶ waiting ──▶ taken ──▶ told ──▶ free
//	               who wakes │  │ who waits
//	                         │  └▶ left ──▶ free, by who wakes
//
// The waker belongs to whoever has moved the slot: to who waits until waiting, and
// to who wakes, or gives up, from taken on.
type waiters struct {
	count atomics.Int32  // slots that wait, or are about to; pairs with itself, see any
	claim atomics.Uint32 // slot after the one taken last
	turn  atomics.Uint32 // slot after the one woken last
	first atomics.Pointer[chunk]
	// anonymous says that nobody keeps the slots: a wake frees them.
	anonymous bool
}

const chunkSize = 32

type chunk struct {
	used  atomics.Uint32         // a bit for each slot that isn't free
	ready atomics.Uint32         // a bit for each slot that waits: where to look
	next  atomics.Pointer[chunk] // set once
	slots [chunkSize]slot
}

type slot struct {
	state atomics.Uint32
	waker rouse.Waker // counted
	// Whom the waker wakes, for those who look whether they wait already:
	// anonymous only.
	who [2]atomics.Uintptr
}

const (
	free uint32 = iota
	waits
	taken
	told
	left

	stateMask = 7
	oneUse    = 8
)

// any reports whether somebody may be waiting. The load pairs with the Add in
// enter: who has made something available and finds nobody, is found by who comes
// to wait and looks again.
func (ws *waiters) any() bool { return ws.count.Load() > 0 }

// A spot is a slot in use.
type spot struct {
	c *chunk
	i uint8
}

func (p spot) slot() *slot { return &p.c.slots[p.i] }

// enter makes waker wait. Who enters then looks again.
func (ws *waiters) enter(waker rouse.Waker) spot {
	ws.count.Add(1)
	p := ws.take()
	s := p.slot()
	s.waker = waker
	if ws.anonymous {
		s.who[0].Store(uintptr(waker.Data()))
		s.who[1].Store(tableOf(waker))
	}
	s.state.Store(s.state.Load()&^stateMask + oneUse | waits) // pairs with the swap in wake
	p.c.ready.Or(1 << p.i)
	return p
}

// take takes a free slot.
func (ws *waiters) take() spot {
	from := ws.claim.Load()
	for lap := range 2 {
		base := uint32(0)
		for c := ws.first.Load(); c != nil; c = c.next.Load() {
			candidates := ^c.used.Load() & part(lap, from, base)
			for candidates != 0 {
				i := bits.TrailingZeros32(candidates)
				if c.used.Or(1<<i)&(1<<i) == 0 { // pairs with the And in give
					ws.claim.Store(base + uint32(i) + 1)
					return spot{c, uint8(i)}
				}
				candidates &^= 1 << i
			}
			base += chunkSize
		}
	}
	fresh := new(chunk)
	fresh.used.Store(1)
	at := &ws.first
	for !at.CompareAndSwap(nil, fresh) {
		at = &at.Load().next
	}
	return spot{fresh, 0}
}

// part returns the bits of a chunk that are to be looked at in this lap: first
// those from a number on, then those before it.
func part(lap int, from, base uint32) uint32 {
	behind := uint32(0) // bits from the number on
	switch {
	case from <= base:
		behind = ^uint32(0)
	case from < base+chunkSize:
		behind = ^uint32(0) << (from - base)
	}
	if lap == 0 {
		return behind
	}
	return ^behind
}

// give frees a slot.
func (p spot) give() {
	s := p.slot()
	s.state.Store(s.state.Load() &^ stateMask) // free
	p.c.used.And(^(uint32(1) << p.i))          // pairs with the Or in take
}

// wake wakes one who waits, and reports whether there was one.
func (ws *waiters) wake() bool {
	from := ws.turn.Load()
	for lap := range 2 {
		base := uint32(0)
		for c := ws.first.Load(); c != nil; c = c.next.Load() {
			candidates := c.ready.Load() & part(lap, from, base)
			for candidates != 0 {
				i := bits.TrailingZeros32(candidates)
				p := spot{c, uint8(i)}
				if waker, ok := ws.remove(p); ok {
					ws.turn.Store(base + uint32(i) + 1)
					if ws.anonymous || !p.turn(taken, told) {
						p.give()
					}
					waker.Wake() // last: it may do anything
					return true
				}
				candidates &^= 1 << i
			}
			base += chunkSize
		}
	}
	return false
}

// wakeAll wakes all who wait now.
func (ws *waiters) wakeAll() {
	for c := ws.first.Load(); c != nil; c = c.next.Load() {
		for candidates := c.ready.Load(); candidates != 0; {
			i := bits.TrailingZeros32(candidates)
			candidates &^= 1 << i
			p := spot{c, uint8(i)}
			if waker, ok := ws.remove(p); ok {
				if ws.anonymous || !p.turn(taken, told) {
					p.give()
				}
				waker.Wake()
			}
		}
	}
}

// remove ends the waiting of a slot, and returns its waker, unless somebody else
// has done so.
func (ws *waiters) remove(p spot) (rouse.Waker, bool) {
	if !p.turn(waits, taken) {
		return rouse.Waker{}, false
	}
	p.c.ready.And(^(uint32(1) << p.i))
	s := p.slot()
	waker := s.waker
	s.waker = rouse.Waker{}
	ws.count.Add(-1)
	return waker, true
}

// turn moves a slot from one state to another, if it is in the first.
func (p spot) turn(from, to uint32) bool {
	s := p.slot()
	for {
		w := s.state.Load()
		if w&stateMask != from {
			return false
		}
		if s.state.CompareAndSwap(w, w&^stateMask|to) {
			return true
		}
	}
}

// leave gives up a slot that is not anonymous, and reports whether it had been
// woken: then what the wake was for is others'.
func (ws *waiters) leave(p spot) (woken bool) {
	if waker, ok := ws.remove(p); ok {
		p.give()
		waker.Drop()
		return false
	}
	if !p.turn(taken, left) { // who wakes is not through with it: he frees it
		p.give()
	}
	return true
}

// told reports whether somebody has chosen p to be woken, and is through with its
// slot.
func (p spot) told() bool { return p.slot().state.Load()&stateMask == told }

func tableOf(w rouse.Waker) uintptr { return uintptr(unsafe.Pointer(w.VTable())) }

// join makes the task that cx wakes wait, unless it does so already. Anonymous
// only.
func (ws *waiters) join(cx *rouse.Context) {
	waker := cx.Waker()
	data, table := uintptr(waker.Data()), tableOf(waker)
	for c := ws.first.Load(); c != nil; c = c.next.Load() {
		for candidates := c.ready.Load(); candidates != 0; {
			i := bits.TrailingZeros32(candidates)
			candidates &^= 1 << i
			s := &c.slots[i]
			w := s.state.Load() // the same before and after: what is between belongs together
			if w&stateMask == waits && s.who[0].Load() == data && s.who[1].Load() == table && s.state.Load() == w {
				waker.Drop()
				return
			}
		}
	}
	ws.enter(waker)
}
