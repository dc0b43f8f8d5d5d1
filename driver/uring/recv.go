//go:build linux

package uring

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/internal/uring"
)

func (d *Driver) recv(op *driver.Op) bool {
	i, s, err := d.lookup(op, isStream)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if len(op.Buf) == 0 {
		return op.FinishNow(0, driver.ErrNoBuffer)
	}
	if n := d.take(s, op.Buf); n > 0 {
		return op.FinishNow(n, nil)
	}
	if s.ext != nil && s.ext.recvErr != nil {
		err := s.ext.recvErr
		s.ext.recvErr = nil // told once, as the kernel does
		return op.FinishNow(0, err)
	}
	if s.flags&ended != 0 {
		return op.FinishNow(0, nil)
	}
	if s.in == 0 && s.flags&dry == 0 {
		d.receive(i, s)
	}
	return d.wait(i, s, op)
}

// receive has the kernel receive for s: again and again, or once if it can't or
// if buffers are few, since a receive that goes on ends for good when it finds
// none.
func (d *Driver) receive(i uint32, s *slot) {
	on := d.slots.Handle(i)
	m, _ := d.begin(dutyRecv, on)
	e := d.entry()
	if d.has.Has(uring.FeatureRecvMany) && (d.hold.free == 0 || d.hold.free >= d.buffers.Len()/4) {
		e.RecvMany(int(s.fd), 0, uint64(m))
	} else {
		e.Recv(int(s.fd), 0, uint64(m))
	}
	s.in = m
	s.flags &^= stopped
	d.hold.armed++
}

// received applies a completion of a receive.
func (d *Driver) received(m mark, r *request, c *uring.CQE) int {
	on := r.on
	i, s := d.slots.Get(on)
	if c.Flags&uring.CQEBuffer != 0 {
		d.hold.free--
		if bid := c.Buffer(); s != nil && c.Res > 0 {
			d.keep(on, s, bid, int(c.Res))
		} else {
			d.giveBack(bid)
		}
	}
	if c.Flags&uring.CQEMore == 0 {
		d.retire(m)
		d.hold.armed--
		if s != nil {
			s.in = 0
			s.flags &^= stopped
		}
	}
	if s == nil {
		return 0 // closed meanwhile
	}
	switch errno := errnoOf(c); errno {
	case 0:
		if c.Res == 0 {
			s.flags |= ended
		}
	case unix.ENOBUFS:
		if s.Rd != nil && s.flags&dry == 0 {
			s.flags |= dry
			d.hold.dry = append(d.hold.dry, on)
		}
		return 0
	case unix.ECANCELED, unix.EINTR, unix.EAGAIN:
		if s.Rd != nil && s.in == 0 {
			d.receive(i, s)
		}
		return 0
	default:
		s.more().recvErr = os.NewSyscallError("recv", errno)
	}
	if s.Rd != nil {
		return ring.Settle(&s.Rd, driver.ErrAgain)
	}
	if s.got.count >= heldLimit {
		d.stop(s)
	}
	return 0
}
