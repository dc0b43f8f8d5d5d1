//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// A descriptor of the caller's is watched one shot at a time: it is armed when
// somebody starts to wait. That costs a call for each wait, but we don't see
// the caller's reads and writes, so with edges a caller who did not look until
// EAGAIN would wait for ever.

func (d *Driver) attach(op *driver.Op) bool {
	i, s := d.add(op.Args.FD, kindAttached, 0)
	// Not armed yet; this tells whether it can be watched at all.
	if err := d.register(i, s, unix.EPOLLONESHOT); err != nil {
		d.slots.Free(i)
		return op.FinishNow(0, err)
	}
	op.Handle = d.slots.Handle(i)
	op.Args.Handle = op.Handle
	return op.FinishNow(0, nil)
}

// watch serves Readable and Writable.
func (d *Driver) watch(op *driver.Op) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	i, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if s.kind != kindAttached {
		return op.FinishNow(0, driver.ErrKind)
	}
	if err := d.arm(i, s, ring.Reads(op), !ring.Reads(op)); err != nil {
		return op.FinishNow(0, err)
	}
	return d.wait(i, s, op)
}

// arm asks for the next event of s, for those who wait and for in and out.
func (d *Driver) arm(i uint32, s *slot, in, out bool) error {
	mask := uint32(unix.EPOLLONESHOT)
	if in || s.Rd != nil {
		mask |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if out || s.Wr != nil {
		mask |= unix.EPOLLOUT
	}
	ev := d.event(i, mask)
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(d.epfd, unix.EPOLL_CTL_MOD, int(s.fd), &ev))
}

// seen serves the event of a descriptor that is now disarmed.
func (d *Driver) seen(i uint32, s *slot, in, out bool) int {
	n := 0
	if in {
		n += d.settle(&s.Rd, nil)
	}
	if out {
		n += d.settle(&s.Wr, nil)
	}
	if s.Rd == nil && s.Wr == nil {
		return n
	}
	if err := d.arm(i, s, false, false); err != nil {
		n += d.settleAll(s.Take(), err)
	}
	return n
}
