package drivertest

import (
	"errors"

	"github.com/rouse-go/rouse/driver"
)

var cancelCases = []testCase{
	{"Cancel/Before", []Feature{Network}, cancelBefore},
	{"Cancel/InFlight", []Feature{Network}, cancelInFlight},
	{"Cancel/Late", []Feature{Network}, cancelLate},
	{"Cancel/After", []Feature{Network}, cancelAfter},
	{"Cancel/LosesNothing", []Feature{Network}, cancelLosesNothing},
	{"Cancel/Connect", []Feature{Network}, cancelConnect},
	{"Abandon/Accept", []Feature{Network}, abandonAccept},
	{"Abandon/Connect", []Feature{Network}, abandonConnect},
	{"Abandon/Recv", []Feature{Network}, abandonRecv},
}

// An op that was never submitted is not there to cancel.
func cancelBefore(w *world) {
	a, b := w.pair()
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
	w.d.Cancel(op)
	op.Abandon(w.d)
	if op.Done() || op.InFlight() {
		w.Error("Cancel changed an op that was never submitted")
	}
	w.send(b, "x")
	if w.must(op); op.N != 1 {
		w.Errorf("got %d bytes", op.N)
	}
}

func cancelInFlight(w *world) {
	_, b := w.pair()
	l, _ := w.listen()
	full := &driver.Op{Code: driver.Send, Handle: b, Buf: make([]byte, 1<<16)}
	for range 3 {
		for _, op := range []*driver.Op{
			{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)},
			{Code: driver.Accept, Handle: l, Args: &driver.Args{}},
			full,
		} {
			n, cx := counted()
			for op.Poll(cx, w.d) {
				if op != full || op.Err != nil {
					w.Fatalf("%s is done: %v", op.Code, op.Err)
				}
				op.Reset()
			}
			w.d.Cancel(op)
			w.d.Cancel(op)
			w.until("the cancelled "+op.Code.String(), op.Done)
			w.wantErr(op.Err, driver.ErrCanceled)
			w.d.Cancel(op)
			w.settle()
			if n.n.Load() != 1 {
				w.Errorf("cancelled %s woke %d times", op.Code, n.n.Load())
			}
			op.Reset()
		}
	}
}

// Cancel when the system has the result already, but Park has not reaped it.
func cancelLate(w *world) {
	a, b := w.pair()
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
	n, cx := counted()
	if op.Poll(cx, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	w.send(b, "data")
	w.d.Cancel(op)
	w.until("the cancelled Recv", op.Done)
	w.settle()
	if n.n.Load() != 1 {
		w.Errorf("woke %d times", n.n.Load())
	}
	if op.Err != driver.ErrAgain && op.Err != driver.ErrCanceled {
		w.Errorf("got %v", op.Err)
	}
	if got := w.recv(a, 4); got != "data" {
		w.Errorf("got %q", got)
	}
}

func cancelAfter(w *world) {
	a, b := w.pair()
	w.send(b, "abc")
	op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 3)}
	w.must(op)
	w.d.Cancel(op)
	op.Abandon(w.d)
	if !op.Done() || op.Err != nil || op.N == 0 {
		w.Errorf("Cancel changed the result of a done op to %d, %v", op.N, op.Err)
	}
}

// Cancelled receives lose no byte of the stream, cancelled accepts no
// connection.
func cancelLosesNothing(w *world) {
	a, b := w.pair()
	l, addr := w.listen()
	for i := range 100 {
		r := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
		acc := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
		r.Poll(w.cx, w.d)
		acc.Poll(w.cx, w.d)
		con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
		if i%2 == 0 {
			w.send(b, "x")
			w.must(con)
		}
		if i%4 == 0 {
			w.d.Park(0)
		}
		w.d.Cancel(r)
		w.d.Cancel(acc)
		w.until("the cancelled ops", func() bool { return r.Done() && acc.Done() })
		if i%2 == 1 {
			w.send(b, "x")
			w.must(con)
		}
		if r.Err != nil || r.N == 0 {
			if got := w.recv(a, 1); got != "x" {
				w.Fatalf("got %q", got)
			}
		}
		if acc.Err != nil {
			acc.Reset()
			w.must(acc)
		}
		w.shut(acc.Args.Handle)
		w.shut(con.Handle)
	}
}

func cancelConnect(w *world) {
	l, addr := w.listen()
	for i := range 20 {
		n, cx := counted()
		op := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
		atOnce := op.Poll(cx, w.d)
		if i%2 == 0 {
			w.d.Park(0)
		}
		w.d.Cancel(op)
		w.until("the cancelled Connect", op.Done)
		w.settle()
		if want := int64(1); !atOnce && n.n.Load() != want {
			w.Errorf("woke %d times", n.n.Load())
		}
		switch {
		case op.Err == nil:
			w.shut(op.Handle)
		case !errors.Is(op.Err, driver.ErrCanceled):
			w.Errorf("got %v", op.Err)
		}
	}
	w.shut(l)
}

// An accept that was abandoned takes no connection away.
func abandonAccept(w *world) {
	l, addr := w.listen()
	for i := range 20 {
		op := &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
		n, cx := counted()
		op.Poll(cx, w.d)
		con := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
		if i%2 == 0 {
			w.must(con)
		}
		if op.Done() { // it was quicker
			w.shut(op.Args.Handle)
			op = &driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}}
			op.Poll(cx, w.d)
		}
		before := n.n.Load()
		op.Abandon(w.d)
		w.until("the end of the abandoned Accept", func() bool { return !op.InFlight() })
		if n.n.Load() != before {
			w.Error("an abandoned op woke its waker")
		}
		if i%2 == 1 {
			w.must(con)
		}
		w.shut(con.Handle)
	}
	// The listener is as good as before; those that nobody took come first.
	con := w.must(&driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}})
	me := w.query(con.Handle).Local
	for {
		acc := w.must(&driver.Op{Code: driver.Accept, Handle: l, Args: &driver.Args{}})
		if acc.Args.Addr == me {
			w.echo(con.Handle, acc.Args.Handle, "after all")
			return
		}
		w.shut(acc.Args.Handle)
	}
}

// Connects that were abandoned leave no descriptor, whether they succeed or
// not; the count at the end of the test tells.
func abandonConnect(w *world) {
	l := w.must(&driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: localhost, Backlog: 1}})
	addr := w.query(l.Handle).Local
	for i := range 12 {
		op := &driver.Op{Code: driver.Connect, Args: &driver.Args{Network: "tcp", Addr: addr}}
		if op.Poll(w.cx, w.d) {
			if op.Err == nil {
				w.shut(op.Handle)
			}
			continue
		}
		if i%2 == 0 {
			w.d.Park(0)
			if op.Done() && op.Err == nil {
				w.shut(op.Handle)
			}
		}
		op.Abandon(w.d)
		w.until("the end of the abandoned Connect", func() bool { return !op.InFlight() })
	}
}

func abandonRecv(w *world) {
	a, b := w.pair()
	for range 20 {
		op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)}
		n, cx := counted()
		if op.Poll(cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		op.Abandon(w.d)
		w.until("the end of the abandoned Recv", func() bool { return !op.InFlight() })
		if n.n.Load() != 0 {
			w.Error("an abandoned op woke its waker")
		}
		w.echo(a, b, "fine")
	}
}
