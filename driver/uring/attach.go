//go:build linux

package uring

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/internal/uring"
)

// A descriptor of the caller's, and a datagram socket, are watched by single
// polls, one for each side: they report what is ready already, too.

func (d *Driver) attach(op *driver.Op) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	op.Handle, op.Args.Handle = 0, 0
	var st unix.Stat_t
	if err := unix.Fstat(op.Args.FD, &st); err != nil {
		return op.FinishNow(0, os.NewSyscallError("fstat", err))
	}
	if k := st.Mode & unix.S_IFMT; k == unix.S_IFREG || k == unix.S_IFDIR {
		// As epoll has it: they are always ready, so waiting makes no sense.
		return op.FinishNow(0, os.NewSyscallError("poll", unix.EPERM))
	}
	i, _ := d.add(op.Args.FD, kindAttached)
	op.Handle = d.slots.Handle(i)
	op.Args.Handle = op.Handle
	return op.FinishNow(0, nil)
}

// watch serves Readable and Writable.
func (d *Driver) watch(op *driver.Op) bool {
	i, s, err := d.lookup(op, isAttached)
	if err != nil {
		return op.FinishNow(0, err)
	}
	d.poll(i, s, ring.Reads(op))
	return d.wait(i, s, op)
}

// poll has the kernel tell when a side of s is ready, unless it does already.
func (d *Driver) poll(i uint32, s *slot, in bool) {
	on := d.slots.Handle(i)
	if in {
		if s.in == 0 {
			m, _ := d.begin(dutyPoll, on)
			s.in = m
			d.entry().Poll(int(s.fd), unix.POLLIN|unix.POLLRDHUP|unix.POLLPRI, uint64(m))
		}
		return
	}
	if x := s.more(); x.out == 0 {
		m, _ := d.begin(dutyPollOut, on)
		x.out = m
		d.entry().Poll(int(s.fd), unix.POLLOUT, uint64(m))
	}
}

// polled applies the completion of a poll.
func (d *Driver) polled(m mark, r *request, c *uring.CQE) int {
	what := r.duty
	i, s := d.slots.Get(r.on)
	d.retire(m)
	if s == nil {
		return 0
	}
	side := &s.Rd
	if what == dutyPoll {
		s.in = 0
	} else {
		s.ext.out = 0
		side = &s.Wr
	}
	head := *side
	if head == nil {
		return 0
	}
	switch errno := errnoOf(c); errno {
	case 0:
	case unix.ECANCELED, unix.EINTR, unix.EAGAIN:
		d.poll(i, s, what == dutyPoll)
		return 0
	default:
		*side = nil
		return ring.Finish(head, os.NewSyscallError("poll", errno))
	}
	*side = nil
	if s.kind == kindAttached {
		return ring.Finish(head, nil)
	}
	return ring.Finish(head, driver.ErrAgain)
}
