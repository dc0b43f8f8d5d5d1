//go:build linux

package epoll

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// maxVec is IOV_MAX: what one writev takes.
const maxVec = 1024

// stream returns the slot of a connection, or an error that says why not.
func (d *Driver) stream(op *driver.Op) (uint32, *slot, error) {
	i, s := d.slots.Get(op.Handle)
	switch {
	case op.InFlight():
		panic(ring.Busy)
	case s == nil:
		return 0, nil, driver.ErrClosed
	case s.kind != kindTCP && s.kind != kindUnix:
		return 0, nil, driver.ErrKind
	}
	return i, s, nil
}

// short reports whether a count below what was asked for proves that the
// kernel has no more now, so that the call that would say EAGAIN is spared.
//
// For TCP it does: a read stops short only when the queue is empty, and a
// write when the buffer is full, and what changes that later is a new edge. It
// does not if the stream was ended or broken, or has urgent data in it: then
// what comes next is no new edge, since the event is behind us. If such an
// event is still to come, it sets the flag again. A unix socket also stops
// short at a message that carries descriptors, so there it proves nothing.
func (s *slot) short() bool { return s.kind == kindTCP && s.flags&exact == 0 }

func (d *Driver) recv(op *driver.Op) bool {
	i, s, err := d.stream(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if len(op.Buf) == 0 {
		return op.FinishNow(0, driver.ErrNoBuffer)
	}
	if s.flags&readable == 0 {
		return d.wait(i, s, op)
	}
	for {
		n, err := unix.Read(int(s.fd), op.Buf)
		switch err {
		case nil:
			if n < len(op.Buf) && n > 0 && s.short() {
				s.flags &^= readable
			}
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			s.flags &^= readable
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError("read", err))
		}
	}
}

// send uses write and writev, the cheapest calls there are for it: neither
// copies an address or a msghdr in. They raise SIGPIPE where sendmsg could be
// told not to, but Go's runtime ignores that for every descriptor above 2.
func (d *Driver) send(op *driver.Op) bool {
	i, s, err := d.stream(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if s.flags&writable == 0 {
		return d.wait(i, s, op)
	}
	for {
		var n, want int
		var err error
		call := "write"
		if len(op.Vec) > 0 {
			call = "writev"
			n, want, err = d.writev(int(s.fd), op.Vec)
		} else if want = len(op.Buf); want > 0 {
			n, err = unix.Write(int(s.fd), op.Buf)
		}
		switch err {
		case nil:
			if n < want && s.short() {
				s.flags &^= writable
			}
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			s.flags &^= writable
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError(call, err))
		}
	}
}

// writev writes the first maxVec pieces that are not empty, and returns how
// many bytes went and how many were in these pieces.
func (d *Driver) writev(fd int, vec [][]byte) (n, want int, err error) {
	k := 0
	for _, b := range vec {
		if len(b) == 0 {
			continue
		}
		if k == maxVec {
			break
		}
		d.iov[k].Base = unsafe.SliceData(b)
		d.iov[k].SetLen(len(b))
		want += len(b)
		k++
	}
	if k == 0 {
		return 0, 0, nil
	}
	r, _, errno := unix.Syscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&d.iov)), uintptr(k))
	clear(d.iov[:k]) // or they would keep the caller's buffers alive
	if errno != 0 {
		return 0, want, errno
	}
	return int(r), want, nil
}

func (d *Driver) shutdown(op *driver.Op) bool {
	_, s, err := d.stream(op)
	if err == nil {
		err = os.NewSyscallError("shutdown", unix.Shutdown(int(s.fd), op.Args.How))
	}
	return op.FinishNow(0, err)
}
