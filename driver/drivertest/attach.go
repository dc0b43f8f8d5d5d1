package drivertest

import (
	"os"

	"github.com/rouse-go/rouse/driver"
)

var attachCases = []testCase{
	{"Attach/Readable", []Feature{Descriptors}, attachReadable},
	{"Attach/Writable", []Feature{Descriptors}, attachWritable},
	{"Attach/Close", []Feature{Descriptors}, attachClose},
	{"Attach/Bad", []Feature{Descriptors, Files}, attachBad},
}

func (w *world) pipe() (r, wr *os.File) {
	r, wr, err := os.Pipe()
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		r.Close()
		wr.Close()
	})
	return r, wr
}

func (w *world) attach(f *os.File) driver.Handle {
	w.Helper()
	return w.must(&driver.Op{Code: driver.Attach, Args: &driver.Args{FD: int(f.Fd())}}).Handle
}

func attachReadable(w *world) {
	r, wr := w.pipe()
	h := w.attach(r)
	n, cx := counted()
	op := &driver.Op{Code: driver.Readable, Handle: h}
	for i := range int64(5) {
		if op.Poll(cx, w.d) {
			w.Fatalf("an empty pipe is readable: %v", op.Err)
		}
		wr.WriteString("ab")
		w.until("Readable", op.Done)
		if op.Err != nil || n.n.Load() != i+1 {
			w.Fatalf("Readable: %v, woke %d times", op.Err, n.n.Load())
		}
		buf := make([]byte, 1)
		r.Read(buf)
		// One byte is left, and it counts.
		w.must(&driver.Op{Code: driver.Readable, Handle: h})
		r.Read(buf)
		op.Reset()
	}
	// The end of the pipe is something to read.
	if op.Poll(cx, w.d) {
		w.Fatalf("an empty pipe is readable: %v", op.Err)
	}
	wr.Close()
	w.until("the end of the pipe", op.Done)
	w.must(&driver.Op{Code: driver.Readable, Handle: h})
	w.shut(h)
	r.Close()
}

func attachWritable(w *world) {
	r, wr := w.pipe()
	h := w.attach(wr)
	for range 3 {
		w.must(&driver.Op{Code: driver.Writable, Handle: h})
		wr.WriteString("x")
	}
	op := &driver.Op{Code: driver.Writable, Handle: h}
	op.Poll(w.cx, w.d)
	op.Abandon(w.d)
	w.until("the end of the abandoned op", func() bool { return !op.InFlight() })
	w.shut(h)
	r.Close()
	wr.Close()
}

// Detaching ends who waits, and leaves the descriptor to its owner.
func attachClose(w *world) {
	r, wr := w.pipe()
	h := w.attach(r)
	op := &driver.Op{Code: driver.Readable, Handle: h}
	if op.Poll(w.cx, w.d) {
		w.Fatalf("an empty pipe is readable: %v", op.Err)
	}
	w.shut(h)
	w.until("the detached op", op.Done)
	w.wantErr(op.Err, driver.ErrClosed)
	wr.WriteString("x")
	if _, err := r.Read(make([]byte, 1)); err != nil {
		w.Errorf("the descriptor was closed with its handle: %v", err)
	}
	h2 := w.attach(r) // and can be attached again
	wr.WriteString("x")
	w.must(&driver.Op{Code: driver.Readable, Handle: h2})
	w.close() // Close detaches, too
	if _, err := r.Read(make([]byte, 1)); err != nil {
		w.Errorf("the descriptor was closed with the driver: %v", err)
	}
	r.Close()
	wr.Close()
}

func attachBad(w *world) {
	f, err := os.Create(w.dir() + "/f")
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	// A regular file is always ready, and nothing can watch it.
	op := &driver.Op{Code: driver.Attach, Args: &driver.Args{FD: int(f.Fd())}}
	w.wait(op)
	if op.Err == nil {
		w.Error("a regular file was attached")
	}
}
