package drivertest

import (
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
)

var allocCases = []testCase{
	{"Alloc/SendRecv", []Feature{Network, ZeroAlloc}, allocSendRecv},
	{"Alloc/Wait", []Feature{Network, ZeroAlloc}, allocWait},
	{"Alloc/Park", []Feature{ZeroAlloc}, allocPark},
	{"Alloc/File", []Feature{Files, ZeroAlloc}, allocFile},
}

func (w *world) wantNoAllocs(what string, f func()) {
	w.Helper()
	f()
	if n := testing.AllocsPerRun(200, f); n != 0 {
		w.Errorf("%s allocates %v times", what, n)
	}
}

func allocSendRecv(w *world) {
	a, b := w.pair()
	buf := make([]byte, 64)
	s := &driver.Op{Code: driver.Send, Handle: a, Buf: buf}
	v := &driver.Op{Code: driver.Send, Handle: a, Vec: [][]byte{buf[:10], buf[10:20]}}
	r := &driver.Op{Code: driver.Recv, Handle: b, Buf: buf}
	cycle := func(s *driver.Op) {
		s.Reset()
		if !s.Poll(w.cx, w.d) || s.Err != nil {
			w.Fatalf("Send: %v", s.Err)
		}
		for got := 0; got < s.N; got += r.N {
			r.Reset()
			for !r.Poll(w.cx, w.d) {
				w.d.Park(driver.Forever)
			}
			if r.Err != nil {
				w.Fatal(r.Err)
			}
		}
	}
	w.wantNoAllocs("Send and Recv", func() { cycle(s) })
	w.wantNoAllocs("a vectored Send and Recv", func() { cycle(v) })
}

func allocWait(w *world) {
	a, b := w.pair()
	buf := make([]byte, 64)
	s := &driver.Op{Code: driver.Send, Handle: a, Buf: buf[:1]}
	r := &driver.Op{Code: driver.Recv, Handle: b, Buf: buf}
	w.wantNoAllocs("a Recv that waits", func() {
		s.Reset()
		r.Reset()
		if r.Poll(w.cx, w.d) {
			w.Fatal("Recv of a silent connection is done")
		}
		if !s.Poll(w.cx, w.d) {
			w.Fatal("Send waits")
		}
		for !r.Poll(w.cx, w.d) {
			w.d.Park(driver.Forever)
		}
	})
	w.wantNoAllocs("a cancelled Recv", func() {
		r.Reset()
		r.Poll(w.cx, w.d)
		w.d.Cancel(r)
	})
}

func allocPark(w *world) {
	w.wantNoAllocs("Unpark and Park", func() {
		w.d.Unpark()
		w.d.Park(driver.Forever)
	})
	w.wantNoAllocs("a Park that only looks", func() { w.d.Park(0) })
	if _, ok := w.opt.Lacks[RealClock]; !ok {
		w.wantNoAllocs("a short Park", func() { w.d.Park(w.d.Now() + int64(50*time.Microsecond)) })
	}
	op := &driver.Op{Code: driver.Nop}
	w.wantNoAllocs("Nop", func() {
		op.Reset()
		w.d.Submit(op)
	})
}

func allocFile(w *world) {
	h := w.newFile()
	for _, op := range []*driver.Op{
		{Code: driver.WriteAt, Handle: h, Buf: make([]byte, 100)},
		{Code: driver.ReadAt, Handle: h, Buf: make([]byte, 100)},
		{Code: driver.Datasync, Handle: h},
		{Code: driver.Truncate, Handle: h, Args: &driver.Args{Size: 50}},
	} {
		w.wantNoAllocs(op.Code.String(), func() {
			op.Reset()
			for !op.Poll(w.cx, w.d) {
				w.d.Park(driver.Forever)
			}
		})
	}
}
