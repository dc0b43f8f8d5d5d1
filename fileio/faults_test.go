package fileio_test

import (
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

// A faulty driver does to reads and writes what a test wants.
type faulty struct {
	driver.Driver
	// plan is asked about each operation of a file, at home, before it begins.
	plan func(op *driver.Op) verdict

	held     []*held
	release  atomic.Bool  // finish what is held
	canceled atomic.Int64 // how many of those were cancelled
	waiting  atomic.Int64 // Parks without a deadline since the first of those
	count    atomic.Int64
}

// A verdict is what happens to an operation.
type verdict struct {
	short int   // transfer so many bytes only, if above 0
	err   error // fail at once
	hold  bool  // keep it in flight until release, whatever Cancel says
}

// held is an operation in flight that the system has not heard of yet.
type held struct {
	f     *faulty
	op    *driver.Op
	inner driver.Op
}

// NeedsThread is the wrapped driver's.
func (f *faulty) NeedsThread() bool {
	n, ok := f.Driver.(interface{ NeedsThread() bool })
	return ok && n.NeedsThread()
}

func (f *faulty) Submit(op *driver.Op) bool {
	switch op.Code {
	case driver.ReadAt, driver.WriteAt, driver.Truncate, driver.Stat, driver.Sync, driver.Datasync, driver.Open:
	default:
		return f.Driver.Submit(op)
	}
	f.count.Add(1)
	if f.plan == nil {
		return f.Driver.Submit(op)
	}
	switch v := f.plan(op); {
	case v.err != nil:
		return op.FinishNow(0, v.err)
	case v.hold:
		h := &held{f: f, op: op, inner: driver.Op{Code: op.Code, Handle: op.Handle, Buf: op.Buf, Off: op.Off, Args: op.Args}}
		op.Start()
		f.held = append(f.held, h)
		return false
	case v.short > 0 && v.short < len(op.Buf):
		op.Buf = op.Buf[:v.short]
	}
	return f.Driver.Submit(op)
}

func (f *faulty) Cancel(op *driver.Op) {
	for _, h := range f.held {
		if h.op == op {
			f.canceled.Add(1)
			return // the disk is at it
		}
	}
	f.Driver.Cancel(op)
}

func (f *faulty) Park(until int64) (int, error) {
	if f.release.Load() {
		for _, h := range f.held {
			if h.inner.Poll(rouse.NewContext(rouse.NewWaker(h)), f.Driver) {
				h.WakeByRef()
			}
		}
		f.held = nil
	}
	if until == driver.Forever && f.canceled.Load() > 0 {
		f.waiting.Add(1)
	}
	return f.Driver.Park(until)
}

// WakeByRef is called when the system has done it.
func (h *held) WakeByRef() { h.op.Finish(h.inner.N, h.inner.Err) }

func (f *faulty) Close() error {
	for _, h := range f.held {
		h.op.Kill()
	}
	f.held = nil
	return f.Driver.Close()
}

// free lets go of what is held, and what will be.
func (f *faulty) free() {
	f.release.Store(true)
	f.Unpark()
}

// onFaulty runs fn on every driver, behind a faulty one.
func onFaulty(t *testing.T, fn func(w *world, f *faulty)) {
	onFaultyWith(t, executor.Config{}, fn)
}

// onFaultyWith is onFaulty for executors that are not as by default.
func onFaultyWith(t *testing.T, cfg executor.Config, fn func(w *world, f *faulty)) {
	for _, d := range drivers {
		t.Run(d.Name, func(t *testing.T) {
			f := new(faulty)
			w := configured(t, cfg, d.Open, func(d driver.Driver) driver.Driver {
				f.Driver = d
				return f
			})
			fn(w, f)
		})
	}
}

// set makes plan the plan, at home.
func (w *world) set(f *faulty, plan func(*driver.Op) verdict) {
	w.Helper()
	if _, err := task(w, func(*rouse.Context) (int, error) { f.plan = plan; return 0, nil }); err != nil {
		w.Fatal(err)
	}
}

// holding waits until n operations are held.
func (w *world) holding(f *faulty, n int) {
	w.Helper()
	w.until("operations are held", func() bool { return len(f.held) >= n })
}

// until waits until cond, which is asked at home, holds.
func (w *world) until(what string, cond func() bool) {
	w.Helper()
	_, err := task(w, func(cx *rouse.Context) (int, error) {
		if cond() {
			return 0, nil
		}
		cx.WakeByRef()
		return 0, rouse.Pending
	})
	if err != nil {
		w.Fatalf("waiting until %s: %v", what, err)
	}
}
