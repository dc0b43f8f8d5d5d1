package drivertest

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rouse-go/rouse/driver"
)

var abandonCases = []testCase{
	{"Abandon/Unsubmitted", nil, abandonUnsubmitted},
	{"Abandon/Unparked", []Feature{Network}, abandonUnparked},
	{"Abandon/StreamBuffer", []Feature{Network}, abandonStreamBuffer},
	{"Abandon/FileBuffer", []Feature{Files}, abandonFileBuffer},
}

// Ops that were never submitted leave no trace, whatever they are.
func abandonUnsubmitted(w *world) {
	for code := driver.Nop; code <= driver.Last; code++ {
		op := &driver.Op{Code: code, Buf: []byte("mine"), Args: &driver.Args{Network: "tcp", Addr: localhost, Path: "none"}}
		op.Abandon(w.d)
		w.d.Cancel(op)
		if done, err := w.d.Park(0); done != 0 || err != nil {
			w.Errorf("%s, never submitted: Park says %d, %v", code, done, err)
		}
		if op.Done() || op.InFlight() || op.Err != nil || string(op.Buf) != "mine" {
			w.Errorf("%s, never submitted, was changed", code)
		}
	}
}

// Ops that the driver has and the system may not have yet: they end, silently,
// and what they would have taken is there for the next.
func abandonUnparked(w *world) {
	a, b := w.pair()
	l, addr := w.listen()
	for range 20 {
		n, cx := counted()
		ops := []*driver.Op{
			{Code: driver.Recv, Handle: a, Buf: make([]byte, 8)},
			{Code: driver.Recv, Handle: b, Buf: make([]byte, 8)},
			{Code: driver.Accept, Handle: l, Args: &driver.Args{}},
		}
		for _, op := range ops {
			if op.Poll(cx, w.d) {
				w.Fatalf("%s is done", op.Code)
			}
		}
		for _, op := range ops {
			op.Abandon(w.d)
		}
		for _, op := range ops {
			w.until("the end of the abandoned "+op.Code.String(), func() bool { return !op.InFlight() })
		}
		if n.n.Load() != 0 {
			w.Errorf("abandoned ops woke %d times", n.n.Load())
		}
		w.echo(a, b, "still here")
	}
	c, s := w.connect(l, addr)
	w.echo(c, s, "and there")
}

// The buffer of an abandoned receive is the caller's at once: the driver writes
// nothing to it, and the bytes go to whoever asks next.
func abandonStreamBuffer(w *world) {
	a, b := w.pair()
	mine := bytes.Repeat([]byte{0xdd}, 64)
	for i := range 20 {
		n, cx := counted()
		op := &driver.Op{Code: driver.Recv, Handle: a, Buf: make([]byte, len(mine))}
		if op.Poll(cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		if i%2 == 0 {
			w.d.Park(0)
		}
		buf, woken := op.Buf, n.n.Load() // a driver may have it look again for nothing
		op.Abandon(w.d)
		copy(buf, mine)
		w.send(b, "for the next")
		w.until("the end of the abandoned Recv", func() bool { return !op.InFlight() })
		if got := w.recv(a, 12); got != "for the next" {
			w.Fatalf("got %q", got)
		}
		if !bytes.Equal(buf, mine) {
			w.Fatalf("the buffer of an abandoned Recv was written to: %x", buf)
		}
		if n.n.Load() != woken {
			w.Error("an abandoned op woke its waker")
		}
	}
}

// A file's buffer is the system's until it is done, though nobody else has it any
// more: it is not collected under the transfer, which would bring a read's bytes
// into memory that is somebody else's by then, or write others to the file. When
// the op is no longer in flight nothing is written to it.
func abandonFileBuffer(w *world) {
	const size, pieces = 64 << 10, 24
	path := filepath.Join(w.dir(), "f")
	fill := func(b byte) []byte { return bytes.Repeat([]byte{b}, size) }
	if err := os.WriteFile(path, bytes.Repeat(fill('r'), pieces), 0o600); err != nil {
		w.Fatal(err)
	}
	h := w.openFile(path, os.O_RDWR)
	for round := range 3 {
		n, cx := counted()
		before := int64(0) // ops that were done before they could be abandoned
		var held []*driver.Op
		start := func(k int) *driver.Op {
			op := &driver.Op{Code: driver.ReadAt, Handle: h, Off: int64(k) * size, Buf: make([]byte, size)}
			if k%2 == 1 {
				op.Code, op.Buf = driver.WriteAt, fill('r')
			}
			if op.Poll(cx, w.d) {
				return op
			}
			if round == 1 {
				w.d.Park(0)
				if op.Done() {
					before++
				}
			}
			op.Abandon(w.d)
			return op
		}
		for k := range pieces {
			if k%4 < 2 {
				held = append(held, start(k))
			} else {
				start(k) // nobody but the driver has it
			}
		}
		runtime.GC()
		var junk [][]byte
		for range pieces {
			junk = append(junk, fill(0xee))
		}
		for _, op := range held {
			w.until("the end of an abandoned op", func() bool { return !op.InFlight() })
			clear(op.Buf)
		}
		w.settle()
		for _, op := range held {
			if !bytes.Equal(op.Buf, make([]byte, size)) {
				w.Errorf("the buffer of an abandoned %s was written to after its end", op.Code)
			}
		}
		for _, b := range junk {
			if !bytes.Equal(b, fill(0xee)) {
				w.Fatal("a read that was abandoned went into somebody else's memory")
			}
		}
		if extra := n.n.Load() - before; extra != 0 {
			w.Errorf("abandoned ops woke %d times", extra)
		}
	}
	w.shut(h)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, bytes.Repeat(fill('r'), pieces)) {
		w.Errorf("an abandoned write brought other bytes than its own (%v)", err)
	}
}
