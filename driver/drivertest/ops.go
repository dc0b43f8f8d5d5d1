package drivertest

import (
	"errors"

	"github.com/rouse-go/rouse/driver"
)

var opCases = []testCase{
	{"Op/Nop", nil, opNop},
	{"Op/Misuse", nil, opMisuse},
	{"Op/WrongKind", []Feature{Network}, opWrongKind},
	{"Op/Stale", []Feature{Network}, opStale},
	{"Op/WakesOnce", []Feature{Network}, opWakesOnce},
	{"Op/LatestWakerCounts", []Feature{Network}, opLatestWaker},
	{"Op/CloseKills", []Feature{Network}, opCloseKills},
}

func opNop(w *world) {
	c, cx := counted()
	op := &driver.Op{Code: driver.Nop}
	for range 3 {
		if !op.Poll(cx, w.d) || op.Err != nil {
			w.Errorf("Nop: done %v, %v", op.Done(), op.Err)
		}
		op.Reset()
	}
	if n := c.n.Load(); n != 0 {
		w.Errorf("Nop finished at once and woke %d times", n)
	}
}

// Every bad request is a result with an error; none hangs.
func opMisuse(w *world) {
	for code := driver.Nop + 1; code <= driver.Last; code++ {
		op := &driver.Op{Code: code, Buf: make([]byte, 1), Args: &driver.Args{FD: -1}}
		w.wait(op)
		if op.Err == nil {
			w.Errorf("%s of nothing reported no error", op.Code)
		}
		bare := &driver.Op{Code: code, Buf: make([]byte, 1)}
		w.wait(bare)
		if bare.Err == nil {
			w.Errorf("%s without Args reported no error", op.Code)
		}
	}
	op := &driver.Op{Code: 200, Args: &driver.Args{}}
	w.wait(op)
	w.wantErr(op.Err, driver.ErrNotSupported)
}

func opWrongKind(w *world) {
	l, _ := w.listen()
	a, _ := w.pair()
	for _, op := range []*driver.Op{
		{Code: driver.Recv, Handle: l, Buf: make([]byte, 1)},
		{Code: driver.Send, Handle: l, Buf: make([]byte, 1)},
		{Code: driver.Accept, Handle: a, Args: &driver.Args{}},
		{Code: driver.ReadAt, Handle: a, Buf: make([]byte, 1)},
		{Code: driver.Readable, Handle: a},
		{Code: driver.Recv, Handle: a},
		{Code: driver.Connect, Args: &driver.Args{Network: "carrier pigeon", Addr: localhost}},
		{Code: driver.Listen, Args: &driver.Args{Network: "tcp6", Addr: localhost}},
	} {
		w.wait(op)
		if op.Err == nil || errors.Is(op.Err, driver.ErrClosed) {
			w.Errorf("%s on a wrong kind of handle: %v", op.Code, op.Err)
		}
	}
}

// A Handle that was closed stays refused when its place is taken again.
func opStale(w *world) {
	l, addr := w.listen()
	var old []driver.Handle
	for range 3 {
		a, b := w.connect(l, addr)
		w.shut(a)
		w.shut(b)
		old = append(old, a, b)
	}
	a, b := w.connect(l, addr)
	for _, h := range append(old, 0) {
		for _, op := range []*driver.Op{
			{Code: driver.Recv, Handle: h, Buf: make([]byte, 1)},
			{Code: driver.Send, Handle: h, Buf: make([]byte, 1)},
			{Code: driver.Accept, Handle: h, Args: &driver.Args{}},
			{Code: driver.Shutdown, Handle: h, Args: &driver.Args{How: 2}},
			{Code: driver.Query, Handle: h, Args: &driver.Args{}},
			{Code: driver.SetOption, Handle: h, Args: &driver.Args{Option: driver.NoDelay}},
			{Code: driver.CloseHandle, Handle: h},
		} {
			w.wait(op)
			if !errors.Is(op.Err, driver.ErrClosed) {
				w.Errorf("%s on stale handle %#x: %v", op.Code, h, op.Err)
			}
		}
	}
	w.echo(a, b, "still here")
}

func opWakesOnce(w *world) {
	a, b := w.pair()
	l, addr := w.listen()
	cr, cxr := counted()
	ca, cxa := counted()
	r := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
	acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
	for i := range int64(10) {
		if r.Poll(cxr, w.d) || acc.Poll(cxa, w.d) {
			w.Fatal("an op with nothing to do is done")
		}
		w.send(b, "x")
		con := w.must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}})
		w.until("both completions", func() bool { return r.Done() && acc.Done() })
		w.settle()
		if nr, na := cr.n.Load(), ca.n.Load(); nr != i+1 || na != i+1 {
			w.Fatalf("after %d completions Recv woke %d times, Accept %d times", i+1, nr, na)
		}
		w.must(r)
		r.Reset()
		w.shut(acc.Args.Handle)
		acc.Reset()
		w.shut(con.Handle)
	}
}

// Only the waker of the last poll is woken.
func opLatestWaker(w *world) {
	a, b := w.pair()
	c1, cx1 := counted()
	c2, cx2 := counted()
	r := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
	if r.Poll(cx1, w.d) || r.Poll(cx2, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	w.send(b, "x")
	w.until("the completion", r.Done)
	if c1.n.Load() != 0 || c2.n.Load() != 1 {
		w.Errorf("the first waker was woken %d times, the latest %d times", c1.n.Load(), c2.n.Load())
	}
	w.must(r)
	// A forgotten op completes without waking, and its result waits.
	r.Reset()
	c3, cx3 := counted()
	if r.Poll(cx3, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	r.Forget()
	w.send(b, "y")
	w.until("the forgotten completion", r.Done)
	if c3.n.Load() != 0 {
		w.Error("a forgotten op woke its waker")
	}
	if w.must(r); r.N != 1 || r.Buf[0] != 'y' {
		w.Errorf("the op taken up again got %q", r.Buf[:r.N])
	}
}

// Close of the driver ends every op, and wakes nobody.
func opCloseKills(w *world) {
	a, b := w.pair()
	l, _ := w.listen()
	c, cx := counted()
	ops := []*driver.Op{
		{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)},
		{Code: driver.Accept, Handle: l, Args: &driver.Args{}},
	}
	send := &driver.Op{Code: driver.Send, Handle: b, Buf: make([]byte, 1<<16)}
	for send.Poll(cx, w.d) {
		send.Reset()
	}
	ops = append(ops, send)
	for _, op := range ops {
		op.Poll(cx, w.d)
		if !op.InFlight() {
			w.Fatalf("%s is not in flight: %v", op.Code, op.Err)
		}
	}
	w.d.Park(0)
	before := c.n.Load()
	w.close()
	for _, op := range ops {
		if !op.Done() {
			w.Errorf("%s is not done after Close", op.Code)
		} else if op.Err != nil && op.Err != driver.ErrAgain {
			w.wantErr(op.Err, driver.ErrClosed)
		}
	}
	if n := c.n.Load() - before; n != 0 {
		w.Errorf("Close woke %d times", n)
	}
	for code := driver.Nop; code <= driver.Last; code++ {
		op := &driver.Op{Code: code, Handle: a, Buf: make([]byte, 1), Args: &driver.Args{Network: "tcp", Addr: localhost}}
		if !w.d.Submit(op) {
			w.Fatalf("%s after Close is in flight", op.Code)
		}
		w.wantErr(op.Err, driver.ErrClosed)
	}
}
