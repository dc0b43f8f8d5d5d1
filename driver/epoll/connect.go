//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

func (d *Driver) connect(op *driver.Op) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	a := op.Args
	op.Handle, a.Handle = 0, 0
	fd, to, err := sock.Connecting(a)
	if err != nil {
		return op.FinishNow(0, err)
	}
	switch err := unix.Connect(fd, to.SA); err {
	case nil:
		k := kindTCP
		if to.Family == unix.AF_UNIX {
			k = kindUnix
		}
		i, _ := d.add(fd, k, readable|writable)
		op.Handle = d.slots.Handle(i)
		a.Handle = op.Handle
		return op.FinishNow(0, nil)
	case unix.EINPROGRESS, unix.EINTR:
		// An interrupted connect goes on like one in progress.
		i, s := d.add(fd, kindConnecting, 0)
		if !d.wait(i, s, op) {
			return false
		}
		d.release(i, s)
		return true
	default:
		unix.Close(fd)
		return op.FinishNow(0, os.NewSyscallError("connect", err))
	}
}

// connected looks at a connecting socket that epoll reported, and completes
// its op unless the report was premature.
func (d *Driver) connected(i uint32, s *slot) int {
	code, err := unix.GetsockoptInt(int(s.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		err = os.NewSyscallError("getsockopt", err)
	} else {
		switch errno := unix.Errno(code); errno {
		case 0, unix.EISCONN:
		case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
			return 0
		default:
			err = os.NewSyscallError("connect", errno)
		}
	}
	op := s.Wr
	d.unwait(s, op)
	if err != nil {
		d.release(i, s)
		op.Finish(0, err)
		return 1
	}
	s.kind = kindTCP
	s.flags |= readable | writable
	op.Handle = d.slots.Handle(i)
	op.Args.Handle = op.Handle
	if !op.Finish(0, nil) {
		d.discard(op.Handle)
	}
	return 1
}
