package netio

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// A side is one direction of a connection or datagram socket, or a listener: an operation that is
// used again and again, by one task at a time.
type side struct {
	op   driver.Op
	task uintptr // whose waker op has, or 0
}

// poll submits op with buf or vec, which the driver uses only before Submit
// returns, so a waiting side refers to no buffer. It returns the result, or
// Pending.
//
// An op that is in flight stays so when its task loses interest. It carries no
// bytes, only the news that it is worth while to try again, so the next one
// takes it up and nothing is lost.
func (s *side) poll(cx *rouse.Context, d driver.Driver, buf []byte, vec [][]byte) (int, error) {
	op := &s.op
	task := cx.TaskID()
	if s.task != 0 && s.task != task {
		panic("rouse: netio: two tasks use one direction of a connection or datagram socket, or one listener, at the same time; let one task read, one write and one accept, and have a task that gives up waiting call ForgetRead, ForgetWrite, ForgetAccept, ForgetRecv or ForgetSend")
	}
	if op.InFlight() {
		op.Poll(cx, d) // leaves the waker
	} else {
		if !cx.Spend() {
			return 0, rouse.Pending
		}
		op.Buf, op.Vec = buf, vec
		done := op.Poll(cx, d)
		op.Buf, op.Vec = nil, nil
		if done {
			n, err := op.N, op.Err
			op.Reset()
			s.task = 0
			return n, err
		}
		cx.Refund()
	}
	s.task = task
	return 0, rouse.Pending
}

// forget gives up waiting.
func (s *side) forget() {
	s.op.Forget()
	s.task = 0
}
