package ring

import "github.com/rouse-go/rouse/driver"

// Sides are the rings of the ops that wait at one descriptor. The zero Sides are
// empty.
type Sides struct {
	Rd *driver.Op // for something to read: Recv, Accept, Readable, RecvMsgs
	Wr *driver.Op // for room to write: Send, Connect, Writable, SendMsgs
}

// of returns the side on which op waits.
func (s *Sides) of(op *driver.Op) **driver.Op {
	if Reads(op) {
		return &s.Rd
	}
	return &s.Wr
}

// Busy is what a driver panics with if an op that is in flight is submitted: it can
// wait in one place only.
const Busy = "rouse: driver: an Op in flight was submitted again; wait until it is Done"

// Wait puts op in flight, behind those that wait already.
func (s *Sides) Wait(op *driver.Op) {
	op.Start()
	side := s.of(op)
	*side = Push(*side, op)
}

// Leave takes op, which waits here, out.
func (s *Sides) Leave(op *driver.Op) {
	side := s.of(op)
	*side = Remove(*side, op)
}

// Take returns what s is and leaves it empty: for who has to make something else
// true before wakers run.
func (s *Sides) Take() Sides {
	was := *s
	*s = Sides{}
	return was
}

// Finish completes all with err, those who read first, and returns their number.
// s must have been taken: a waker may do anything.
func (s Sides) Finish(err error) int { return Finish(s.Rd, err) + Finish(s.Wr, err) }

// Kill ends all because the driver closes.
func (s *Sides) Kill() {
	was := s.Take()
	Kill(was.Rd)
	Kill(was.Wr)
}

// Settle takes the ops of one side out, completes them with err and returns their
// number.
func Settle(side **driver.Op, err error) int {
	head := *side
	*side = nil
	return Finish(head, err)
}
