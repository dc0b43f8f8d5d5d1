package driver

import "github.com/rouse-go/rouse"

// opState is where an Op is in its life:
//
//	idle ──Submit──▶ done                      (finished at once)
//	idle ──Submit──▶ inFlight ──Finish──▶ done (the waker is woken)
//	          inFlight ──Abandon──▶ orphan ──Finish──▶ idle
//	done ──Reset──▶ idle
//
// Only the loop's goroutine changes it.
type opState uint8

const (
	opIdle     opState = iota // new, or looked at
	opInFlight                // the driver's, somebody waits for it
	opOrphan                  // the driver's, nobody waits for it
	opDone                    // the result stands in N and Err
)

// InFlight reports whether the driver holds op.
func (op *Op) InFlight() bool { return op.state == opInFlight || op.state == opOrphan }

// Done reports whether op has finished and its result stands in N and Err.
func (op *Op) Done() bool { return op.state == opDone }

// Reset makes a done op ready for its next use. It panics if op is in flight.
func (op *Op) Reset() {
	if op.InFlight() {
		panic("rouse: driver: Op reset while in flight; wait until it is Done")
	}
	op.state = opIdle
	op.N, op.Err = 0, nil
}

// Poll submits op if it is idle and reports whether it is done; if not, it
// leaves cx's waker with it. A Recv or Send that waited is submitted again, so
// its Buf or Vec must be set before each Poll. After true, take the result and
// call Reset before the next use.
func (op *Op) Poll(cx *rouse.Context, d Driver) bool {
	if op.state == opDone && op.Err == ErrAgain {
		op.Reset()
	}
	switch op.state {
	case opDone:
		return true
	case opIdle:
		if d.Submit(op) {
			return true
		}
	case opOrphan:
		panic("rouse: driver: Op polled after Abandon; use another Op")
	}
	if !cx.WillWake(op.waker) {
		op.waker.Drop()
		op.waker = cx.Waker()
	}
	return false
}

// Forget drops the waker that waits for op and leaves op as it is: a later
// Poll takes it up again. It is what a dropped read or accept does, since the
// socket, which owns the Op, lives on.
func (op *Op) Forget() {
	op.waker.Drop()
	op.waker = rouse.Waker{}
}

// Abandon says that nobody will look at op again. If it is in flight it is
// cancelled, and if it succeeds all the same, the driver closes the descriptor
// that came out of it. A result that stands in op already is the caller's.
func (op *Op) Abandon(d Driver) {
	if op.state != opInFlight {
		return
	}
	op.Forget()
	op.state = opOrphan
	d.Cancel(op)
}

// Start is for drivers: Submit calls it for an op that did not finish at once.
func (op *Op) Start() { op.state = opInFlight }

// FinishNow is for drivers: Submit returns what it returns for an op that
// finished at once.
func (op *Op) FinishNow(n int, err error) bool {
	op.N, op.Err = n, err
	op.state = opDone
	return true
}

// Finish is for drivers: Park calls it for an op in flight that has ended. It
// wakes whoever waits. It reports whether somebody does; if not, the driver
// must close a descriptor that came out of op.
func (op *Op) Finish(n int, err error) (wanted bool) {
	wanted = op.state == opInFlight
	op.N, op.Err = n, err
	if wanted {
		op.state = opDone
	} else {
		op.state = opIdle
	}
	w := op.waker
	op.waker = rouse.Waker{}
	w.Wake()
	return wanted
}

// Kill is for drivers: Close calls it for an op in flight; like Finish, but
// nobody is woken, since the executor is going away.
func (op *Op) Kill() {
	op.N, op.Err = 0, ErrClosed
	op.state = opDone
	op.waker.Drop()
	op.waker = rouse.Waker{}
}
