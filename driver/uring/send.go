//go:build linux

package uring

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/internal/uring"
)

func (d *Driver) send(op *driver.Op) bool {
	i, s, err := d.lookup(op, isStream)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if s.ext != nil && s.ext.sendErr != nil {
		return op.FinishNow(0, s.ext.sendErr)
	}
	if s.flags&closing != 0 {
		return op.FinishNow(0, os.NewSyscallError("send", unix.EPIPE))
	}
	want := len(op.Buf)
	if len(op.Vec) > 0 {
		want = 0
		for _, b := range op.Vec {
			want += len(b)
		}
	}
	if want == 0 {
		return op.FinishNow(0, nil)
	}
	o := s.out
	switch {
	case s.Wr != nil:
		return d.wait(i, s, op) // others came first
	case o == nil:
		o = d.outgoing(d.slots.Handle(i), s, want)
		s.out = o
	case len(o.buf)-o.to >= want:
	case o.state == outDirty:
		d.grow(o, want)
	}
	if o.to == len(o.buf) {
		o.tell = true
		return d.wait(i, s, op)
	}
	n := 0
	if len(op.Vec) == 0 {
		n = o.fill(op.Buf)
	}
	for _, b := range op.Vec {
		n += o.fill(b)
	}
	if o.state == outFree {
		d.dirty(o)
	}
	return op.FinishNow(n, nil)
}

func (d *Driver) dirty(o *outgoing) {
	o.state = outDirty
	d.sends.dirty = append(d.sends.dirty, o)
}

// sent applies a completion of a send: of one that could not send everything at
// once, or of one that was to tell.
func (d *Driver) sent(_ mark, r *request, c *uring.CQE) int {
	o := r.out
	if c.Flags&uring.CQENotif != 0 {
		if o.notes--; o.notes == 0 && o.state == outLinger {
			d.release(o)
		}
		return 0
	}
	if c.Flags&uring.CQEMore != 0 {
		o.notes++
	}
	switch errno := errnoOf(c); errno {
	case 0:
		o.from += int(c.Res)
	case unix.EAGAIN, unix.EINTR, unix.ENOBUFS, unix.ENOMEM:
		if o.state == outSlow && (errno == unix.ENOBUFS || errno == unix.ENOMEM) {
			return d.broken(o, errno)
		}
	default:
		return d.broken(o, errno)
	}
	if o.drop {
		o.from = o.to
	}
	if o.from == o.to {
		return d.sentAll(o)
	}
	d.sendSlow(o, false)
	return 0
}

// broken ends o, whose connection takes nothing any more.
func (d *Driver) broken(o *outgoing, errno unix.Errno) int {
	if _, s := d.slots.Get(o.on); s != nil && errno != unix.ECANCELED {
		s.more().sendErr = os.NewSyscallError("send", errno)
	}
	o.from = o.to
	return d.sentAll(o)
}

// sentAll goes on when the kernel has all it was given of o: with what was taken
// meanwhile, or by letting o go. It returns how many ops that completed.
func (d *Driver) sentAll(o *outgoing) int {
	if o.from < o.to {
		if o.state == outSlow {
			d.sendSlow(o, false)
		} else {
			d.dirty(o)
		}
		return 0
	}
	n := 0
	if _, s := d.slots.Get(o.on); s != nil && s.out == o {
		s.out = nil
		if s.flags&closing != 0 {
			_ = unix.Shutdown(int(s.fd), unix.SHUT_WR)
		}
		n = ring.Settle(&s.Wr, driver.ErrAgain)
	}
	if o.last {
		d.closeFD(int(o.fd))
	}
	if o.notes > 0 {
		o.state = outLinger
		o.last = false
		return n
	}
	d.release(o)
	return n
}

func (d *Driver) shutdown(op *driver.Op) bool {
	_, s, err := d.lookup(op, isStream)
	if err != nil {
		return op.FinishNow(0, err)
	}
	how := op.Args.How
	if s.out == nil || how == unix.SHUT_RD {
		err := unix.Shutdown(int(s.fd), how)
		if err == nil && how != unix.SHUT_RD {
			s.flags |= closing
		}
		return op.FinishNow(0, os.NewSyscallError("shutdown", err))
	}
	// What was taken goes first; then sentAll shuts down.
	s.flags |= closing
	s.out.tell = true
	ring.Settle(&s.Wr, driver.ErrAgain)
	if how == unix.SHUT_WR {
		return op.FinishNow(0, nil)
	}
	return op.FinishNow(0, os.NewSyscallError("shutdown", unix.Shutdown(int(s.fd), unix.SHUT_RD)))
}
