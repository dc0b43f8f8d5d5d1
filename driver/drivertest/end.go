package drivertest

import (
	"strings"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

var endCases = []testCase{
	{"End/Close", []Feature{Network}, endClose},
	{"End/HalfClose", []Feature{Network}, endHalfClose},
	{"End/WhileWaiting", []Feature{Network}, endWhileWaiting},
	{"End/CloseSendsTheRest", []Feature{Network}, endSendsTheRest},
	{"End/Reset", []Feature{Network, Reset}, endReset},
	{"End/SendToClosed", []Feature{Network}, endSendToClosed},
	{"End/CloseInFlight", []Feature{Network}, endCloseInFlight},
}

func endClose(w *world) {
	a, b := w.pair()
	w.send(a, "last words")
	w.shut(a)
	if got := w.recv(b, 100); got != "last words" {
		w.Errorf("got %q", got)
	}
	w.wantEnd(b)
	w.wantEnd(b) // and it stays ended
}

func endHalfClose(w *world) {
	a, b := w.pair()
	w.send(a, "question")
	w.must(&driver.Op{Code: driver.Shutdown, Handle: a, Args: &driver.Args{How: 1}})
	if got := w.recv(b, 100); got != "question" {
		w.Errorf("got %q", got)
	}
	w.wantEnd(b)
	for range 3 {
		w.send(b, "answer")
		if got := w.recv(a, 6); got != "answer" {
			w.Errorf("got %q over the other half", got)
		}
	}
	op := &driver.Op{Code: driver.Send, Handle: a, Buf: []byte("x")}
	w.wait(op)
	if op.Err == nil {
		w.Error("Send after Shutdown reported no error")
	}
	w.shut(b)
	w.wantEnd(a)
}

// The end wakes who waits for data.
func endWhileWaiting(w *world) {
	for _, half := range []bool{true, false} {
		a, b := w.pair()
		op := &driver.Op{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)}
		for _, msg := range []string{"one", "two"} {
			if op.Poll(w.cx, w.d) {
				w.Fatal("Recv of a silent connection is done")
			}
			w.send(a, msg)
			if w.must(op); string(op.Buf[:op.N]) != msg {
				w.Fatalf("got %q", op.Buf[:op.N])
			}
			op.Reset()
		}
		if op.Poll(w.cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		if half {
			w.must(&driver.Op{Code: driver.Shutdown, Handle: a, Args: &driver.Args{How: 1}})
		} else {
			w.shut(a)
		}
		if w.must(op); op.N != 0 {
			w.Errorf("got %d bytes, want the end", op.N)
		}
	}
}

// What Send took before CloseHandle still arrives.
func endSendsTheRest(w *world) {
	a, b := w.pair()
	op := &driver.Op{Code: driver.Send, Handle: a}
	sent := 0
	for {
		op.Buf = []byte(strings.Repeat("r", 50_000))
		if !op.Poll(w.cx, w.d) {
			break
		}
		if op.Err != nil {
			w.Fatal(op.Err)
		}
		sent += op.N
		op.Reset()
	}
	w.shut(a)
	if got := w.recv(b, sent+1); len(got) != sent {
		w.Errorf("%d bytes arrived, Send took %d", len(got), sent)
	}
}

func endReset(w *world) {
	a, b := w.pair()
	op := &driver.Op{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)}
	if op.Poll(w.cx, w.d) {
		w.Fatal("Recv of a silent connection is done")
	}
	w.must(&driver.Op{Code: driver.SetOption, Handle: a, Args: &driver.Args{Option: driver.Linger, Value: 0}})
	w.shut(a)
	w.wait(op)
	w.wantErr(op.Err, syscall.ECONNRESET)
}

// Sending to nobody fails in the end, and never kills the process.
func endSendToClosed(w *world) {
	a, b := w.pair()
	w.shut(a)
	op := &driver.Op{Code: driver.Send, Handle: b, Buf: make([]byte, 1000)}
	w.eventually("an error of Send", func() bool {
		op.Reset()
		w.wait(op)
		return op.Err != nil
	})
	if op.Err == driver.ErrClosed {
		w.Errorf("the error of a broken connection is that of a closed handle: %v", op.Err)
	}
}

// Closing a Handle ends what waits for it, each op once.
func endCloseInFlight(w *world) {
	a, _ := w.pair()
	c, d := w.pair()
	l, _ := w.listen()
	full := &driver.Op{Code: driver.Send, Handle: c, Buf: make([]byte, 1<<16)}
	counters := map[*driver.Op]*counter{}
	for _, op := range []*driver.Op{
		{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)},
		{Code: driver.Accept, Handle: l, Args: &driver.Args{}},
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
		counters[op] = n
	}
	w.shut(a)
	w.shut(l)
	w.shut(c)
	for op, n := range counters {
		w.until("the end of "+op.Code.String(), op.Done)
		w.wantErr(op.Err, driver.ErrClosed)
		w.settle()
		if n.n.Load() != 1 {
			w.Errorf("%s woke %d times", op.Code, n.n.Load())
		}
		if !op.Done() {
			w.Errorf("%s is no longer done", op.Code)
		}
	}
	w.shut(d)
}
