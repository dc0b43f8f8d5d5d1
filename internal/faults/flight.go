package faults

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// A flight is an operation that the inner driver has in place of somebody's op,
// with Args of its own.
type flight struct {
	d      *Driver
	op     *driver.Op
	on     driver.Handle // the Handle that op waits for
	number uint64
	inner  driver.Op
	args   driver.Args
	cx     *rouse.Context

	full      int  // bytes or messages of op, if it was cut
	cut       int  // of them that the inner driver was given
	late      bool // to be held back when it has ended
	pretended bool // the inner driver has not heard of it
	ended     bool
	hold      int // Parks until it is told
}

func (d *Driver) take(op *driver.Op) *flight {
	d.begun++
	f := &flight{d: d, op: op, number: d.begun}
	f.inner = driver.Op{Code: op.Code, Handle: op.Handle, Buf: op.Buf, Vec: op.Vec, Off: op.Off}
	if op.Args != nil {
		f.args = *op.Args
		f.inner.Args = &f.args
	}
	if op.Code != driver.Connect && op.Code != driver.Open {
		f.on = op.Handle
	}
	f.cx = rouse.NewContext(rouse.NewWaker(f))
	return f
}

// shorten gives the inner driver less to transfer, sometimes.
func (d *Driver) shorten(f *flight) {
	if d.plan.Short == 0 || d.rnd.Float64() >= d.plan.Short {
		return
	}
	switch op := &f.inner; op.Code {
	case driver.Send:
		for _, piece := range op.Vec { // of several, the first that is not empty
			if op.Buf = piece; len(piece) > 0 {
				break
			}
		}
		op.Vec = nil
		fallthrough
	case driver.Recv, driver.ReadAt, driver.WriteAt:
		if len(op.Buf) > 1 {
			f.full, f.cut = len(op.Buf), 1+d.rnd.IntN(len(op.Buf)-1)
			op.Buf = op.Buf[:f.cut]
		}
	case driver.RecvMsgs, driver.SendMsgs:
		if msgs := f.args.Msgs; len(msgs) > 1 {
			f.full, f.cut = len(msgs), 1+d.rnd.IntN(len(msgs)-1)
			f.args.Msgs = msgs[:f.cut]
		}
	}
}

// noteShort counts a transfer that was cut, if there was more to transfer than
// went because of it.
func (f *flight) noteShort() {
	if f.full > 0 && f.inner.Err == nil && f.inner.N > 0 && f.inner.N == f.cut {
		f.d.count(Short)
	}
	f.full = 0
}

// copyBack gives op what came out of the operation besides N and Err.
func (f *flight) copyBack() {
	if f.op.Code == driver.Connect || f.op.Code == driver.Open {
		f.op.Handle = f.inner.Handle // of the others it is only read, by anybody
	}
	if f.op.Args != nil {
		msgs := f.op.Args.Msgs // shared, or cut
		*f.op.Args = f.args
		f.op.Args.Msgs = msgs
	}
}

// fresh returns the Handle that came out of the operation, or 0.
func (f *flight) fresh() driver.Handle {
	if f.pretended || f.inner.Err != nil {
		return 0
	}
	switch f.op.Code {
	case driver.Accept, driver.Connect, driver.Open:
		return f.args.Handle
	}
	return 0
}

// end has the operation told after so many Parks.
func (f *flight) end(hold int) {
	f.ended, f.hold = true, hold
	f.d.ready = append(f.d.ready, f)
}

// WakeByRef is called when the inner driver has finished the operation.
func (f *flight) WakeByRef() {
	hold := 0
	if f.late {
		hold = 1 + f.d.rnd.IntN(3)
		f.d.count(Late)
	}
	f.end(hold)
}
