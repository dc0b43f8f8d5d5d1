//go:build linux

package uring

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/sock"
	"github.com/rouse-go/rouse/internal/uring"
)

// pendingLimit is how many connections a listener takes from the kernel that
// nobody asks for, before it stops.
const pendingLimit = 64

func (d *Driver) listen(op *driver.Op) bool {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	fd, path, err := sock.Listen(a, d.cfg.Backlog)
	if err != nil {
		return op.FinishNow(0, err)
	}
	i, s := d.add(fd, kindListener)
	s.more().path = path
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return op.FinishNow(0, nil)
}

func (d *Driver) accept(op *driver.Op) bool {
	i, s, err := d.lookup(op, isListener)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if len(s.ext.pending) > 0 && s.Rd == nil {
		fd := s.ext.pending[0]
		rest := copy(s.ext.pending, s.ext.pending[1:])
		s.ext.pending = s.ext.pending[:rest]
		return op.FinishNow(0, d.connection(op, int(fd)))
	}
	if s.ext.recvErr != nil {
		err := s.ext.recvErr
		s.ext.recvErr = nil
		return op.FinishNow(0, err)
	}
	if s.in == 0 {
		d.acceptMany(i, s)
	}
	return d.wait(i, s, op)
}

func (d *Driver) acceptMany(i uint32, s *slot) {
	m, _ := d.begin(dutyAccept, d.slots.Handle(i))
	e := d.entry()
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	if d.has.Has(uring.FeatureAcceptMany) {
		e.AcceptMany(int(s.fd), flags, uint64(m))
	} else {
		e.Accept(int(s.fd), flags, uint64(m))
	}
	s.in = m
	s.flags &^= stopped
}

// connection makes a slot of an accepted descriptor and fills in op's result.
func (d *Driver) connection(op *driver.Op, fd int) error {
	a := op.Args
	a.Handle, a.Addr, a.Path = 0, netip.AddrPort{}, ""
	k := kindTCP
	// A multishot accept can't tell who it is. That he is gone already is no
	// error: reading will tell.
	if sa, err := unix.Getpeername(fd); err == nil {
		a.Addr, a.Path = sock.FromSockaddr(sa)
		if _, ok := sa.(*unix.SockaddrUnix); ok {
			k = kindUnix
		}
	}
	i, _ := d.add(fd, k)
	a.Handle = d.slots.Handle(i)
	return nil
}

// accepted applies a completion of an accept.
func (d *Driver) accepted(m mark, r *request, c *uring.CQE) int {
	i, s := d.slots.Get(r.on)
	if c.Flags&uring.CQEMore == 0 {
		d.retire(m)
		if s != nil {
			s.in = 0
			s.flags &^= stopped
		}
	}
	errno := errnoOf(c)
	if s == nil {
		if errno == 0 {
			unix.Close(int(c.Res))
		}
		return 0
	}
	n := 0
	switch errno {
	case 0:
		if s.Rd == nil {
			s.ext.pending = append(s.ext.pending, c.Res)
			if len(s.ext.pending) >= pendingLimit {
				d.stop(s)
			}
			return 0
		}
		op := s.Rd
		s.Leave(op)
		err := d.connection(op, int(c.Res))
		if !op.Finish(0, err) {
			d.discard(op.Args.Handle)
		}
		n = 1
	case unix.ECONNABORTED, unix.EINTR, unix.EAGAIN, unix.ECANCELED:
		// One that was broken off while it waited is passed over.
	default:
		err := os.NewSyscallError("accept4", errno)
		if op := s.Rd; op != nil {
			s.Leave(op)
			op.Args.Handle = 0
			op.Finish(0, err)
			n = 1
		} else {
			s.ext.recvErr = err
		}
	}
	if s.in == 0 && s.Rd != nil {
		d.acceptMany(i, s)
	}
	return n
}

// discard closes what came out of an op that nobody waits for.
func (d *Driver) discard(h driver.Handle) {
	if i, s := d.slots.Get(h); s != nil {
		_ = d.shut(i, s)
	}
}
