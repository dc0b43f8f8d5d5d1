//go:build linux

package uring

import (
	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/uring"
)

// A mark names a request record: what its completions carry. It is the Handle
// of the record in its table, index and generation, so a completion of a record
// that has been given back finds nothing. 0 names none.
type mark = driver.Handle

// Marks that no record has, since generations begin at 1.
const (
	noMark   mark = 0 // nobody is interested
	bellMark mark = 1
)

type duty uint8

const (
	dutyRecv    duty = iota // of slot, into ring buffers
	dutySend                // of out
	dutyAccept              // of slot
	dutyConnect             // of op, with the socket fd
	dutyPoll                // of slot, for reading
	dutyPollOut             // of slot, for writing
	dutyFile                // of op
	dutyBell                // of a doorbell
)

// A request is the record of one request that the kernel has or will get. It
// keeps reachable what the kernel may touch, until the last completion.
type request struct {
	op   *driver.Op
	out  *outgoing
	file *openFile     // the file of a dutyFile
	mem  any           // memory besides op.Buf that the kernel was given
	on   driver.Handle // the slot
	fd   int32
	duty duty
	quit bool // Cancel was called: don't try again
}

// begin takes a record.
func (d *Driver) begin(what duty, on driver.Handle) (mark, *request) {
	i, r := d.requests.Add()
	r.duty, r.on = what, on
	d.busy++
	return d.requests.Handle(i), r
}

// retire gives a record back: its last completion has come, or it was never
// submitted.
func (d *Driver) retire(m mark) {
	d.busy--
	d.requests.Free(uint32(m))
}

// entry returns a request of the ring to prepare. If the queue is full it makes
// room by a system call.
func (d *Driver) entry() *uring.SQE {
	for {
		if e := d.ring.Next(); e != nil {
			return e
		}
		if err := d.enter(0); err != nil && d.ring.Prepared() >= d.cfg.Entries {
			panic(err.Error()) // of a thread that is not the ring's
		}
	}
}

// cancel asks for the end of a request. Its completion still comes.
func (d *Driver) cancel(m mark) {
	e := d.entry()
	e.Cancel(uint64(m), uint64(noMark))
	d.hush(e)
}

// stop asks for the end of what s has in the kernel on its reading side, once.
func (d *Driver) stop(s *slot) {
	if s.in != 0 && s.flags&stopped == 0 {
		s.flags |= stopped
		d.cancel(s.in)
	}
}

// closeFD closes a descriptor after everything that was prepared so far.
func (d *Driver) closeFD(fd int) {
	e := d.entry()
	e.Close(fd, uint64(noMark))
	d.hush(e)
}

// hush spares a completion that nobody would look at, where the kernel can.
func (d *Driver) hush(e *uring.SQE) {
	if d.has.Has(uring.FeatureQuiet) {
		e.Quiet()
	}
}

// complete applies one completion and returns how many ops it completed.
func (d *Driver) complete(c *uring.CQE) int {
	m := mark(c.UserData)
	if m == bellMark {
		if c.Flags&uring.CQEMore == 0 {
			d.armed = false
		}
		return 0
	}
	_, r := d.requests.Get(m)
	if r == nil {
		return 0
	}
	switch r.duty {
	case dutyRecv:
		return d.received(m, r, c)
	case dutySend:
		return d.sent(m, r, c)
	case dutyAccept:
		return d.accepted(m, r, c)
	case dutyConnect:
		return d.connected(m, r, c)
	case dutyPoll, dutyPollOut:
		return d.polled(m, r, c)
	case dutyBell:
		d.tolled(m, c.Flags&uring.CQEMore != 0)
		return 0
	default:
		return d.fileDone(m, r, c)
	}
}

// errnoOf returns the error of a completion.
func errnoOf(c *uring.CQE) unix.Errno {
	if c.Res >= 0 {
		return 0
	}
	return unix.Errno(-c.Res)
}
