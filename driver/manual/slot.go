package manual

import (
	"net/netip"
	"slices"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

type kind uint8

const (
	kindListener kind = iota
	kindConnecting
	kindStream
	kindPacket
)

// A slot is one end of a connection, a listener, or a datagram socket.
type slot struct {
	kind    kind
	changed bool // on the driver's list
	ring.Sides

	local, peer netip.AddrPort

	in, out *pipe // of a connection
	abort   bool  // Linger is 0: closing resets

	// Of a client nobody accepted yet: where it queues, and whether it came
	// within the backlog, so that Connect is done.
	listener    driver.Handle
	established bool

	queue   []driver.Handle // of a listener: the clients
	backlog int
	network string // also of a datagram socket

	mail *mailbox // of a datagram socket
}

// wait puts op in flight, in slot i.
func (s *slot) wait(i uint32, op *driver.Op) bool {
	op.Slot = i
	s.Wait(op)
	return false
}

// touch has the next Park look at h.
func (d *Driver) touch(h driver.Handle) {
	if _, s := d.slots.Get(h); s != nil && !s.changed {
		s.changed = true
		d.changed = append(d.changed, h)
	}
}

// reap looks at every slot that changed, and returns how many ops it
// completed. An accept may touch further slots, which come last.
func (d *Driver) reap() int {
	n := 0
	for k := 0; k < len(d.changed); k++ {
		i, s := d.slots.Get(d.changed[k])
		if s == nil {
			continue
		}
		s.changed = false
		switch s.kind {
		case kindListener:
			n += d.acceptWaiting(s)
		case kindConnecting:
			n += d.connected(i, s)
		case kindPacket:
			if s.mail.readable() {
				n += ring.Settle(&s.Rd, driver.ErrAgain)
			}
		case kindStream:
			if s.in.readable() {
				n += ring.Settle(&s.Rd, driver.ErrAgain)
			}
			if s.out.writable() {
				n += ring.Settle(&s.Wr, driver.ErrAgain)
			}
		}
	}
	d.changed = d.changed[:0]
	return n
}

func (d *Driver) closeHandle(h driver.Handle) error {
	i, s := d.slots.Get(h)
	if s == nil {
		return driver.ErrClosed
	}
	waiting := s.Take()
	d.release(i, s)
	waiting.Finish(driver.ErrClosed)
	return nil
}

// release frees slot i and tells the other end.
func (d *Driver) release(i uint32, s *slot) {
	switch s.kind {
	case kindListener:
		d.unlisten(d.slots.Handle(i), s)
	case kindPacket:
		h := d.slots.Handle(i)
		d.sockets = slices.DeleteFunc(d.sockets, func(other driver.Handle) bool { return other == h })
	default:
		if s.listener != 0 {
			d.unqueue(d.slots.Handle(i), s)
		}
		s.in.gone = true
		d.touch(s.in.writer)
		s.out.ended = true
		s.out.reset = s.abort
		d.touch(s.out.reader)
	}
	d.slots.Free(i)
}
