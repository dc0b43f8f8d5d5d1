package netio

import (
	"os"
	"sync"

	"github.com/rouse-go/rouse"
)

// An exchange is to datagrams what a transfer is to a stream: one operation
// with a ctx, on its way to the socket's home and back.
type exchange struct {
	conn    *PacketConn
	send    bool
	msgs    []Message
	one     [1]Message // of the forms for one datagram
	n       int        // datagrams that went
	began   bool
	settled bool // Poll has returned its result, so nobody refers to t any more

	lane  *lane // of the net.PacketConn view, or nil
	place place
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(c *PacketConn, send bool, msgs []Message) *exchange {
	t := exchanges.Get().(*exchange)
	t.conn, t.send, t.msgs = c, send, msgs
	return t
}

// free is for an exchange that was polled to its result.
func (t *exchange) free() {
	*t = exchange{}
	exchanges.Put(t)
}

// Poll does what can be done, at home.
func (t *exchange) Poll(cx *rouse.Context) (int, error) {
	if t.lane != nil {
		if !t.conn.closed.Load() && t.lane.deadline.passed {
			t.Drop()
			t.settled = true
			return t.n, t.conn.opError(t.op(), os.ErrDeadlineExceeded)
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

func (t *exchange) step(cx *rouse.Context) (err error) {
	if !t.send {
		t.n, err = t.conn.PollRecvMsgs(cx, t.msgs)
		return err
	}
	for t.n < len(t.msgs) && err == nil {
		var n int
		n, err = t.conn.PollSendMsgs(cx, t.msgs[t.n:])
		t.n += n
	}
	return err
}

// Drop gives up waiting, for datagrams and for our turn.
func (t *exchange) Drop() {
	if t.began {
		t.began = false
		if t.send {
			t.conn.ForgetSend()
		} else {
			t.conn.ForgetRecv()
		}
	}
	t.leave()
}

func (t *exchange) leave() {
	if t.lane != nil {
		t.lane.leave(&t.place)
	}
}

func (t *exchange) op() string {
	if t.send {
		return "write"
	}
	return "read"
}
