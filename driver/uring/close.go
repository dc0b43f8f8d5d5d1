//go:build linux

package uring

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/census"
	"github.com/rouse-go/rouse/internal/uring"
)

// unsentTimeout is how long, in milliseconds, the kernel keeps trying to bring
// what was taken before a connection was closed to a peer that takes nothing.
const unsentTimeout = 120_000

// closeHandle closes what the Handle names. Whoever waits for it gets
// ErrClosed.
func (d *Driver) closeHandle(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	// The slot goes first: a Handle must be stale when a waker runs.
	waiting := s.Take()
	err := d.shut(i, s)
	waiting.Finish(driver.ErrClosed)
	return op.FinishNow(0, err)
}

// shut closes the descriptor of s and frees the slot. Nobody waits in it. What
// the kernel is doing for it ends soon, and finds nobody.
func (d *Driver) shut(i uint32, s *slot) (err error) {
	switch s.kind {
	case kindTCP, kindUnix:
		d.shutStream(s)
	case kindFile:
		err = s.ext.file.close()
	default:
		d.stopNow(s.in)
		if x := s.ext; x != nil {
			d.stopNow(x.out)
			x.closeListener()
		}
		if s.kind != kindAttached {
			if err = unix.Close(int(s.fd)); err == unix.EINTR {
				err = nil // it is closed, on Linux
			}
		}
	}
	d.slots.Free(i)
	return err
}

// closeListener closes what a listener has besides its descriptor.
func (x *extra) closeListener() {
	for _, fd := range x.pending {
		unix.Close(int(fd))
	}
	if x.path != "" {
		unix.Unlink(x.path) // like net; that it may be gone is no error
	}
}

// shutStream closes a connection without a system call of its own: the next
// Park's does it.
func (d *Driver) shutStream(s *slot) {
	d.dropHeld(s)
	d.stop(s)
	o := s.out
	switch {
	case o == nil:
	case s.flags&abrupt == 0:
		o.last, o.tell = true, true
		_ = unix.SetsockoptInt(int(s.fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unsentTimeout)
		return
	default:
		o.drop = true
		if o.state == outSlow {
			d.cancel(o.req)
		}
	}
	d.closeFD(int(s.fd))
}

// submitted sees to it that the kernel has taken all that was prepared.
func (d *Driver) submitted() {
	for range 100 {
		if d.ring.Prepared() == 0 || d.enter(0) != nil {
			return
		}
	}
}

// stopNow ends a request before it returns; its completion is still to come. It
// is for what must let go of its descriptor at once: a listener's address is
// free when it is closed.
func (d *Driver) stopNow(m mark) {
	if m == 0 {
		return
	}
	d.submitted()
	if d.has.Has(uring.FeatureSyncCancel) && d.ring.CancelNow(uint64(m)) == nil {
		return
	}
	d.cancel(m)
	d.submitted()
}

// closeWait is how long Close waits for the kernel without hearing of the end of
// anything. All but a read or write of a file that hangs ends at once, but there
// may be very many, and not much of a CPU: Close does not give up as long as it
// goes on, since what it gives up stays in memory for ever.
const closeWait = 5 * time.Second

// noteWait is how long it waits for memory that was sent without copying: a peer
// that reads nothing keeps that for as long as it likes, and the kernel only
// reads it.
const noteWait = 100 * time.Millisecond

// Close ends all and frees what the kernel holds for d. A second call does
// nothing. What Send took is sent as far as the sockets have room. On another
// thread than the ring's own it can't wait for the kernel; what the kernel may
// still touch is then never freed.
func (d *Driver) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	err := d.files.Close()
	if d.buffers == nil {
		d.ring.Close()
		d.sleeper.Close()
		return err
	}
	own := d.enter(0) == nil
	if own {
		d.flush()
		own = d.enter(0) == nil
	}
	for own && d.ring.Prepared() > 0 {
		d.bury()
		own = d.enter(0) == nil
	}
	d.bury()
	for i, s := range d.slots.All() {
		s.Kill()
		d.end(i, s)
	}
	busy := d.waitForKernel(own)
	ringErr := d.ring.Close()
	if !busy {
		d.buffers.Free()
	} else {
		leaked.keep(d)
		err = errors.Join(err, d.killRest())
	}
	for range d.requests.All() { // what the kernel has not given back
		census.Ops.Add(1)
	}
	d.sleeper.Close()
	return errors.Join(err, ringErr)
}

// end closes the descriptor of a slot for good. Requests hold the file itself,
// so the peer learns of it when they have ended.
func (d *Driver) end(i uint32, s *slot) {
	switch {
	case s.kind == kindFile:
		s.ext.file.close()
	case s.kind != kindAttached:
		if s.ext != nil {
			s.ext.closeListener()
		}
		if s.out != nil {
			s.out.drop = true
		}
		unix.Close(int(s.fd))
	}
	d.slots.Free(i)
}

// waitForKernel cancels every request and waits for the last completions. It
// reports whether some did not come.
func (d *Driver) waitForKernel(own bool) (busy bool) {
	for _, r := range d.requests.All() {
		if r.duty == dutySend && r.out.state != outSlow && r.out.notes == 0 {
			r.out.closeLast()
			d.retire(r.out.req) // not in the kernel
		}
	}
	if !own {
		return d.busy > 0 || d.armed
	}
	for i := range d.requests.All() {
		d.cancel(d.requests.Handle(i))
	}
	for last, heard := d.busy, time.Now(); d.busy > 0; {
		// Read before the look: who had no CPU for so long finds all there.
		silent := time.Since(heard)
		if d.enter(10*time.Millisecond) != nil {
			return true
		}
		d.bury()
		if d.busy < last {
			last, heard = d.busy, time.Now()
			continue
		}
		if silent > d.closeWait || silent > noteWait && d.onlyNotes() {
			return true
		}
	}
	d.submitted()
	return false
}

// closeLast closes the descriptor if that was left to do.
func (o *outgoing) closeLast() {
	if o.last {
		unix.Close(int(o.fd))
		o.last = false
	}
}

// onlyNotes reports whether all that is to come is word that memory which was
// sent without copying is free again.
func (d *Driver) onlyNotes() bool {
	for _, r := range d.requests.All() {
		if r.duty != dutySend || r.out.state != outLinger {
			return false
		}
	}
	return true
}

// bury takes completions when nobody is to be woken any more.
func (d *Driver) bury() {
	var c uring.CQE
	for d.ring.Peek(&c) {
		m := mark(c.UserData)
		_, r := d.requests.Get(m)
		if r == nil {
			continue
		}
		switch {
		case r.duty == dutySend:
			o := r.out
			if c.Flags&uring.CQENotif != 0 {
				o.notes--
			} else {
				if c.Flags&uring.CQEMore != 0 {
					o.notes++
				}
				o.state = outLinger
				o.closeLast()
			}
			if o.notes > 0 || o.state != outLinger {
				continue
			}
		case c.Flags&uring.CQEMore != 0:
			if r.duty == dutyAccept && c.Res >= 0 {
				unix.Close(int(c.Res))
			}
			continue
		case r.duty == dutyAccept && c.Res >= 0:
			unix.Close(int(c.Res))
		case r.duty == dutyConnect:
			unix.Close(int(r.fd))
		}
		op := r.op
		if r.file != nil {
			r.file.done()
		}
		d.retire(m)
		if op != nil {
			op.Kill()
		}
	}
	d.ring.Seen()
}
