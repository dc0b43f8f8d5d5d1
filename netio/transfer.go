package netio

import (
	"net"
	"os"
	"sync"

	"github.com/rouse-go/rouse"
)

// A transfer is one Read or Write with a ctx, on its way to the connection's
// home and back.
type transfer struct {
	conn    *Conn
	what    direction
	buf     []byte
	vec     *net.Buffers
	n       int // bytes that went
	began   bool
	settled bool // Poll has returned its result, so nobody refers to t any more

	lane  *lane // of the net.Conn view, or nil
	place place
}

type direction uint8

const (
	reads direction = iota
	writes
	writesVec
)

var transfers = sync.Pool{New: func() any { return new(transfer) }}

func newTransfer(c *Conn, what direction, buf []byte) *transfer {
	t := transfers.Get().(*transfer)
	t.conn, t.what, t.buf = c, what, buf
	return t
}

// free is for a transfer that was polled to its result.
func (t *transfer) free() {
	*t = transfer{}
	transfers.Put(t)
}

// Poll does what can be done, at home.
func (t *transfer) Poll(cx *rouse.Context) (int, error) {
	if t.lane != nil {
		if !t.conn.closed.Load() && t.lane.deadline.passed {
			t.Drop()
			t.settled = true
			return t.n, t.conn.opError(t.what.String(), os.ErrDeadlineExceeded)
		}
		if !t.lane.mine(cx, &t.place) && !t.conn.closed.Load() {
			return 0, rouse.Pending
		}
	}
	err := t.step(cx)
	if err == rouse.Pending {
		t.began = true
		return 0, err
	}
	t.began, t.settled = false, true
	t.leave()
	return t.n, err
}

func (t *transfer) step(cx *rouse.Context) (err error) {
	switch t.what {
	case reads:
		t.n, err = t.conn.PollRead(cx, t.buf)
	case writes:
		before := len(t.buf)
		err = t.conn.PollWriteAll(cx, &t.buf)
		t.n += before - len(t.buf)
	case writesVec:
		for len(*t.vec) > 0 && err == nil {
			var n int
			n, err = t.conn.PollWritev(cx, t.vec)
			t.n += n
		}
	}
	return err
}

// Drop gives up waiting, for bytes and for our turn.
func (t *transfer) Drop() {
	if t.began {
		t.began = false
		t.side().forget()
	}
	t.leave()
}

func (t *transfer) leave() {
	if t.lane != nil {
		t.lane.leave(&t.place)
	}
}

func (t *transfer) side() *side {
	if t.what == reads {
		return &t.conn.rd
	}
	return &t.conn.wr
}

func (d direction) String() string {
	if d == reads {
		return "read"
	}
	return "write"
}
