//go:build linux

package uring

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
	"github.com/rouse-go/rouse/internal/uring"
)

// Connect always goes through the ring, also where it could finish at once.
func (d *Driver) connect(op *driver.Op) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	op.Handle, op.Args.Handle = 0, 0
	fd, to, err := sock.Connecting(op.Args)
	if err != nil {
		return op.FinishNow(0, err)
	}
	raw := new(unix.RawSockaddrAny)
	n, err := to.Raw(raw)
	if err != nil {
		unix.Close(fd)
		return op.FinishNow(0, err)
	}
	m, r := d.begin(dutyConnect, 0)
	r.op, r.fd, r.mem = op, int32(fd), raw
	d.entry().Connect(fd, unsafe.Pointer(raw), n, uint64(m))
	op.Start()
	op.Slot = uint32(m)
	return false
}

func (d *Driver) connected(m mark, r *request, c *uring.CQE) int {
	op, fd := r.op, int(r.fd)
	unixSocket := r.mem.(*unix.RawSockaddrAny).Addr.Family == unix.AF_UNIX
	d.retire(m)
	switch errno := errnoOf(c); errno {
	case 0:
	case unix.ECANCELED:
		unix.Close(fd)
		op.Finish(0, driver.ErrCanceled)
		return 1
	default:
		unix.Close(fd)
		op.Finish(0, os.NewSyscallError("connect", errno))
		return 1
	}
	k := kindTCP
	if unixSocket {
		k = kindUnix
	}
	i, _ := d.add(fd, k)
	op.Handle = d.slots.Handle(i)
	op.Args.Handle = op.Handle
	if !op.Finish(0, nil) {
		d.discard(op.Handle)
	}
	return 1
}
