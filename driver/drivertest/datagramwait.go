package drivertest

import (
	"fmt"
	"slices"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

func datagramWaits(w *world) {
	a, at := w.local()
	b, bt := w.local()
	n, cx := counted()
	op := recvMsgs(b, room(3, 10)...)
	for i := range int64(10) {
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		w.sendAll(a, messageTo(bt, "x"))
		w.until("the completion", op.Done)
		if op.N != 0 || op.Err != driver.ErrAgain {
			w.Fatalf("a completion after waiting says %d, %v", op.N, op.Err)
		}
		w.settle()
		if n.n.Load() != i+1 {
			w.Fatalf("after %d completions RecvMsgs woke %d times", i+1, n.n.Load())
		}
		if !op.Poll(cx, w.d) || op.N != 1 || op.Args.Msgs[0].Addr != at {
			w.Fatalf("got %d, %v, from %v", op.N, op.Err, op.Args.Msgs[0].Addr)
		}
		op.Reset()
	}
}

// A tag is a waker that notes that it was woken.
type tag struct {
	name int
	in   *[]int
}

func (t *tag) WakeByRef() { *t.in = append(*t.in, t.name) }

// Those who wait are told in their order, each once.
func datagramOrder(w *world) {
	a, _ := w.local()
	b, bt := w.local()
	var woken []int
	var ops []*driver.Op
	for i := range 5 {
		op := recvMsgs(b, room(1, 10)...)
		if op.Poll(rouse.NewContext(rouse.NewWaker(&tag{i, &woken})), w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		ops = append(ops, op)
	}
	w.d.Cancel(ops[1])
	w.until("the cancelled op", ops[1].Done)
	w.wantErr(ops[1].Err, driver.ErrCanceled)
	w.sendAll(a, messageTo(bt, "for one"))
	w.until("the completions", func() bool {
		return !slices.ContainsFunc(ops, func(op *driver.Op) bool { return op.InFlight() })
	})
	if want := []int{1, 0, 2, 3, 4}; !slices.Equal(woken, want) {
		w.Errorf("woken were %v, want %v", woken, want)
	}
	if !ops[0].Poll(w.cx, w.d) || ops[0].N != 1 {
		w.Errorf("the first got %d, %v", ops[0].N, ops[0].Err)
	}
	if ops[2].Poll(w.cx, w.d) {
		w.Errorf("the second got %d, %v though there was one datagram", ops[2].N, ops[2].Err)
	}
}

// After Submit the driver does not look at the messages of a RecvMsgs that
// waits, nor at those that SendMsgs took.
func datagramBufferIsFree(w *world) {
	a, at := w.local()
	b, bt := w.local()
	msgs := room(2, 9)
	copy(msgs[0].Buf, "untouched")
	op := recvMsgs(b, msgs...)
	if op.Poll(w.cx, w.d) {
		w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
	}
	op.Args.Msgs = nil
	out := messageTo(bt, "overwrite")
	w.sendAll(a, out)
	clear(out.Buf)
	w.until("the completion", op.Done)
	if string(msgs[0].Buf) != "untouched" || msgs[0].Addr.IsValid() {
		w.Errorf("the message was written to behind our back: %q, %v", msgs[0].Buf, msgs[0].Addr)
	}
	w.wantOne(b, "overwrite", at)
}

// A cancelled RecvMsgs ends once and loses no datagram.
func datagramCancel(w *world) {
	a, at := w.local()
	b, bt := w.local()
	for i := range 50 {
		n, cx := counted()
		op := recvMsgs(b, room(2, 100)...)
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		text := fmt.Sprint("datagram ", i)
		if i%3 != 0 {
			w.sendAll(a, messageTo(bt, text))
		}
		if i%3 == 2 {
			w.d.Park(0)
		}
		w.d.Cancel(op)
		w.d.Cancel(op)
		w.until("the cancelled RecvMsgs", op.Done)
		if op.Err != driver.ErrAgain {
			w.wantErr(op.Err, driver.ErrCanceled)
		}
		if i%10 == 0 {
			w.settle()
		}
		if n.n.Load() != 1 {
			w.Errorf("a cancelled RecvMsgs woke %d times", n.n.Load())
		}
		if i%3 == 0 {
			w.sendAll(a, messageTo(bt, text))
		}
		w.wantOne(b, text, at)
	}
}

func datagramAbandon(w *world) {
	a, at := w.local()
	b, bt := w.local()
	for i := range 20 {
		n, cx := counted()
		op := recvMsgs(b, room(1, 10)...)
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
		if i%2 == 0 {
			w.sendAll(a, messageTo(bt, "x"))
		}
		op.Abandon(w.d)
		w.until("the end of the abandoned RecvMsgs", func() bool { return !op.InFlight() })
		if n.n.Load() != 0 {
			w.Error("an abandoned op woke its waker")
		}
		if i%2 == 1 {
			w.sendAll(a, messageTo(bt, "x"))
		}
		w.wantOne(b, "x", at)
	}
}

func datagramCloseInFlight(w *world) {
	a, at := w.local()
	n, cx := counted()
	ops := []*driver.Op{recvMsgs(a, room(1, 10)...), recvMsgs(a, room(1, 10)...)}
	for _, op := range ops {
		if op.Poll(cx, w.d) {
			w.Fatalf("RecvMsgs of a silent socket is done: %v", op.Err)
		}
	}
	w.shut(a)
	if n.n.Load() != 2 {
		w.Errorf("two ops in flight were woken %d times before CloseHandle returned", n.n.Load())
	}
	for _, op := range ops {
		if !op.Done() {
			w.Fatal("an op is in flight on a closed handle")
		}
		w.wantErr(op.Err, driver.ErrClosed)
	}
	w.settle()
	if n.n.Load() != 2 {
		w.Errorf("two ops were woken %d times", n.n.Load())
	}
	// What SendMsgs took before CloseHandle is sent.
	b, bt := w.local()
	c, ct := w.local()
	w.sendAll(c, messageTo(bt, "last words"))
	w.shut(c)
	w.wantOne(b, "last words", ct)
	// And the address is free.
	w.eventually("the address to be free", func() bool {
		op := &driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: at}}
		w.wait(op)
		return op.Err == nil
	})
}

func datagramCloseDriver(w *world) {
	a, _ := w.local()
	n, cx := counted()
	op := recvMsgs(a, room(1, 10)...)
	op.Poll(cx, w.d)
	w.close()
	if !op.Done() || n.n.Load() != 0 {
		w.Fatalf("after Close done is %v, and it woke %d times", op.Done(), n.n.Load())
	}
	w.wantErr(op.Err, driver.ErrClosed)
}
