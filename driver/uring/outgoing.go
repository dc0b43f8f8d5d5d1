//go:build linux

package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/uring"
)

// Where an outgoing is in its life. It is in one list, or in the kernel.
type outState uint8

const (
	outFree   outState = iota // in sending.free
	outDirty                  // in sending.dirty: Park submits it
	outFlown                  // in sending.flown: no completion means that all was sent
	outSlow                   // in the kernel, which will tell
	outLinger                 // without bytes, until the kernel lets the memory go
)

// An outgoing is what Send has taken of one connection and the kernel has not.
// It outlives the connection: what was taken is sent after CloseHandle, too.
type outgoing struct {
	req      mark // its record
	on       driver.Handle
	buf      []byte
	from, to int // what is not sent yet is buf[from:to]
	flying   int // as much of it the kernel was given
	fd       int32
	notes    int32 // sends without copying whose notification is to come
	state    outState
	class    uint8
	tell     bool // something waits for it to be sent: let the kernel say so
	unix     bool // of a unix socket, which can't send without copying
	last     bool // the connection is closed: close the descriptor after it
	drop     bool // the connection and its descriptor are closed: send no more
}

// classes are the sizes of outgoing buffers. One that gets too small while it
// is being filled is exchanged.
var classes = [...]int{1 << 10, 1 << 13, 1 << 16}

// sending is the driver's outgoing buffers.
type sending struct {
	dirty, flown []*outgoing
	free         [len(classes)][]*outgoing
}

// freeLimit is how many buffers of a class are kept for reuse: 4 MiB of the
// largest at most.
var freeLimit = [len(classes)]int{4096, 512, 64}

func classOf(n int) uint8 {
	for c := range classes {
		if n <= classes[c] {
			return uint8(c)
		}
	}
	return uint8(len(classes) - 1)
}

// outgoing returns an empty one for n bytes, or as many as it can be.
func (d *Driver) outgoing(on driver.Handle, s *slot, n int) *outgoing {
	c := classOf(n)
	var o *outgoing
	if l := d.sends.free[c]; len(l) > 0 {
		o = l[len(l)-1]
		l[len(l)-1] = nil
		d.sends.free[c] = l[:len(l)-1]
	} else {
		o = &outgoing{buf: make([]byte, classes[c]), class: c}
	}
	m, r := d.begin(dutySend, on)
	r.out = o
	o.req, o.on, o.fd, o.unix = m, on, s.fd, s.kind == kindUnix
	return o
}

// release puts o away. The kernel has nothing of it.
func (d *Driver) release(o *outgoing) {
	d.retire(o.req)
	o.req, o.on, o.from, o.to, o.flying, o.tell, o.last, o.drop, o.state = 0, 0, 0, 0, 0, false, false, false, outFree
	if l := d.sends.free[o.class]; len(l) < freeLimit[o.class] {
		d.sends.free[o.class] = append(l, o)
	}
}

// fill takes what fits of b.
func (o *outgoing) fill(b []byte) int {
	n := copy(o.buf[o.to:], b)
	o.to += n
	return n
}

// grow exchanges the buffer of o, which is not in the kernel, for one that takes
// n bytes more.
func (d *Driver) grow(o *outgoing, n int) {
	c := classOf(o.to + n)
	if c == o.class {
		return
	}
	bigger := make([]byte, classes[c])
	o.to = copy(bigger, o.buf[o.from:o.to])
	o.from, o.buf, o.class = 0, bigger, c
}

// flush submits what was taken. It may not wait, so that one system call is
// through with all of it; and what is sent completely makes no completion. But
// that call may sleep, and then we learn late that all was sent. So if something
// is to be done after it, a Send that waits, a shutdown or the closing, the
// request is one that tells.
func (d *Driver) flush() {
	for k, o := range d.sends.dirty {
		d.sends.dirty[k] = nil
		if o.drop {
			d.release(o)
			continue
		}
		zc := d.cfg.ZeroCopy > 0 && o.to-o.from >= d.cfg.ZeroCopy && !o.unix && d.has.Has(uring.FeatureSendZC)
		if zc || o.tell || !d.has.Has(uring.FeatureQuiet) {
			d.sendSlow(o, zc)
			continue
		}
		o.flying, o.state = o.to-o.from, outFlown
		e := d.entry()
		e.Send(int(o.fd), unsafe.Pointer(&o.buf[o.from]), o.flying, unix.MSG_DONTWAIT|unix.MSG_WAITALL|unix.MSG_NOSIGNAL, uint64(o.req))
		e.Quiet()
		d.sends.flown = append(d.sends.flown, o)
	}
	d.sends.dirty = d.sends.dirty[:0]
}

// sendSlow submits the rest of o with a request that waits for room and tells.
func (d *Driver) sendSlow(o *outgoing, zc bool) {
	o.flying, o.state = o.to-o.from, outSlow
	e := d.entry()
	const flags = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
	if zc {
		e.SendZC(int(o.fd), unsafe.Pointer(&o.buf[o.from]), o.flying, flags, uint64(o.req))
	} else {
		e.Send(int(o.fd), unsafe.Pointer(&o.buf[o.from]), o.flying, flags, uint64(o.req))
	}
}

// settle is called when all completions of a system call that submitted have
// been applied: what flew and did not come back has been sent. The kernel has
// taken every request by then, see enter.
func (d *Driver) settle() int {
	n := 0
	for k, o := range d.sends.flown {
		d.sends.flown[k] = nil
		if o.state == outFlown {
			o.from += o.flying
			n += d.sentAll(o)
		}
	}
	d.sends.flown = d.sends.flown[:0]
	return n
}
