//go:build linux

package uring

import "github.com/rouse-go/rouse/driver"

// heldLimit is how many buffers a connection may hold before its receive is
// stopped until somebody reads.
const heldLimit = 8

// minBuffers is how many buffers there are when somebody first reads.
const minBuffers = 64

// A held is a queue of buffers that one connection has received: numbers of
// buffers plus 1, linked through holding.next. The zero held is empty.
type held struct {
	first, last uint16
	count       uint16
	off         uint32 // bytes of the first that have been taken
}

// holding is what the driver knows of its receive buffers.
type holding struct {
	next  []uint16 // by buffer: the next one of the same connection, plus 1
	size  []uint32 // by buffer: bytes in it
	free  int      // buffers that the kernel has
	armed int      // receives in the kernel
	given bool     // some were given back and not published
	dry   []driver.Handle
	// Connections that may hold buffers, each at most once (flag holds). Those
	// that hold none any more are left in it until the next sweep.
	holders []driver.Handle
	sweep   int // sweep when there are so many
}

func (h *holding) init(n int) {
	h.next, h.size = make([]uint16, n), make([]uint32, n)
	h.sweep = 64
}

// keep appends a buffer with n bytes to what s holds.
func (d *Driver) keep(on driver.Handle, s *slot, bid uint16, n int) {
	h, g := &d.hold, &s.got
	h.next[bid], h.size[bid] = 0, uint32(n)
	if g.count == 0 {
		g.first, g.off = bid+1, 0
	} else {
		h.next[g.last-1] = bid + 1
	}
	g.last = bid + 1
	g.count++
	if s.flags&holds == 0 {
		s.flags |= holds
		if h.holders = append(h.holders, on); len(h.holders) >= h.sweep {
			d.sweepHolders(false)
		}
	}
}

// giveBack gives a buffer to the kernel; Park publishes it.
func (d *Driver) giveBack(bid uint16) {
	d.buffers.Give(bid)
	d.hold.free++
	d.hold.given = true
}

// dropFirst gives the first buffer of s back.
func (d *Driver) dropFirst(s *slot) {
	g := &s.got
	bid := g.first - 1
	g.first, g.off = d.hold.next[bid], 0
	g.count--
	d.giveBack(bid)
}

// dropHeld gives everything that s holds back.
func (d *Driver) dropHeld(s *slot) {
	for s.got.count > 0 {
		d.dropFirst(s)
	}
}

// take moves received bytes into buf.
func (d *Driver) take(s *slot, buf []byte) int {
	n := 0
	if s.ext != nil && len(s.ext.spill) > 0 {
		n = copy(buf, s.ext.spill)
		if s.ext.spill = s.ext.spill[n:]; len(s.ext.spill) == 0 {
			s.ext.spill = nil
		}
	}
	for n < len(buf) && s.got.count > 0 {
		g := &s.got
		bid := g.first - 1
		part := d.buffers.Bytes(bid)[g.off:d.hold.size[bid]]
		k := copy(buf[n:], part)
		n += k
		if k == len(part) {
			d.dropFirst(s)
		} else {
			g.off += uint32(k)
		}
	}
	return n
}

// sweepHolders forgets who holds nothing any more. If spill is set it moves
// what the others hold to Go's heap, so that the buffers are everybody's again.
func (d *Driver) sweepHolders(spill bool) {
	h := &d.hold
	kept := h.holders[:0]
	for _, on := range h.holders {
		_, s := d.slots.Get(on)
		if s == nil {
			continue
		}
		if spill && s.got.count > 0 {
			d.spill(s)
		}
		if s.got.count == 0 {
			s.flags &^= holds
			continue
		}
		kept = append(kept, on)
	}
	clear(h.holders[len(kept):])
	h.holders = kept
	h.sweep = max(64, 2*len(kept))
}

// spill moves what s holds to the heap, and stops its receive: it holds nothing
// then, and without a reader it would fill the heap instead.
func (d *Driver) spill(s *slot) {
	d.stop(s)
	x := s.more()
	for s.got.count > 0 {
		g := &s.got
		bid := g.first - 1
		x.spill = append(x.spill, d.buffers.Bytes(bid)[g.off:d.hold.size[bid]]...)
		d.dropFirst(s)
	}
}

// refill sees to it that receives find buffers: it adds some, or gets back what
// lies unread, when few are left; and it begins those receives again that found
// none. Park calls it before it submits.
func (d *Driver) refill() error {
	h := &d.hold
	// Buffers are added when they run short and there are connections for them,
	// not for connections at rest: the kernel uses all of them in turn, so each
	// one more is memory touched. Those that found none want some as well, though
	// nothing of theirs is armed.
	want := h.armed + len(h.dry)
	if before := d.buffers.Len(); want > 0 && (before == 0 || h.free < before/4) {
		var err error
		grows := before == 0 || before < min(2*want, d.buffers.Cap())
		if grows {
			err = d.buffers.Grow(max(minBuffers, 2*before))
			h.free += d.buffers.Len() - before
			h.given = err != nil // those that were added are not published then
		}
		switch {
		case err != nil && d.buffers.Len() == 0:
			return err
		case err != nil || !grows:
			d.sweepHolders(true) // also for want of memory: there are some
		}
	}
	if h.given {
		d.buffers.Publish()
		h.given = false
	}
	if len(h.dry) == 0 || h.free == 0 {
		return nil
	}
	// No more than there are buffers, or most of them would find none again.
	n := min(len(h.dry), h.free)
	for _, on := range h.dry[:n] {
		if i, s := d.slots.Get(on); s != nil {
			s.flags &^= dry
			if s.in == 0 && s.Rd != nil {
				d.receive(i, s)
			}
		}
	}
	rest := copy(h.dry, h.dry[n:])
	h.dry = h.dry[:rest]
	return nil
}
