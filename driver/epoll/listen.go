//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

func (d *Driver) listen(op *driver.Op) bool {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	fd, path, err := sock.Listen(a, d.cfg.Backlog)
	if err != nil {
		return op.FinishNow(0, err)
	}
	i, s := d.add(fd, kindListener, readable)
	if path != "" {
		s.ext = &extra{path: path}
	}
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return op.FinishNow(0, nil)
}

func (d *Driver) accept(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	switch {
	case op.InFlight():
		panic(ring.Busy)
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.kind != kindListener:
		return op.FinishNow(0, driver.ErrKind)
	}
	// Who came first is served first.
	if s.flags&readable != 0 && s.Rd == nil {
		fd, sa, err := acceptOne(int(s.fd))
		if err != unix.EAGAIN {
			return op.FinishNow(0, d.accepted(op, fd, sa, err))
		}
		s.flags &^= readable
	}
	return d.wait(i, s, op)
}

// acceptWaiting serves those who wait for a connection, for as long as there
// are connections.
func (d *Driver) acceptWaiting(i uint32, s *slot) int {
	n := 0
	for s.Rd != nil {
		fd, sa, err := acceptOne(int(s.fd))
		if err == unix.EAGAIN {
			s.flags &^= readable
			break
		}
		op := s.Rd
		d.unwait(s, op)
		err = d.accepted(op, fd, sa, err)
		if !op.Finish(0, err) && err == nil {
			d.discard(op.Args.Handle)
		}
		n++
	}
	return n
}

// acceptOne takes one connection. One that was broken off while it waited is
// passed over.
func acceptOne(listener int) (int, unix.Sockaddr, error) {
	for {
		fd, sa, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != unix.ECONNABORTED && err != unix.EINTR {
			return fd, sa, err
		}
	}
}

// accepted fills in the result of op.
func (d *Driver) accepted(op *driver.Op, fd int, sa unix.Sockaddr, err error) error {
	a := op.Args
	if err != nil {
		a.Handle = 0
		return os.NewSyscallError("accept4", err)
	}
	k := kindTCP
	a.Addr, a.Path = sock.FromSockaddr(sa)
	if _, ok := sa.(*unix.SockaddrUnix); ok {
		k = kindUnix
	}
	i, _ := d.add(fd, k, readable|writable)
	a.Handle = d.slots.Handle(i)
	return nil
}

// discard closes what came out of an op that nobody waits for.
func (d *Driver) discard(h driver.Handle) {
	if i, s := d.slots.Get(h); s != nil {
		d.release(i, s)
	}
}
