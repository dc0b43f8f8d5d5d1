package fileio_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/internal/gid"
)

func wantPanics(t testing.TB, says string, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if s, _ := recover().(string); !strings.HasPrefix(s, "rouse: ") || !strings.Contains(s, says) {
			t.Errorf("panic %q; want one with %q", s, says)
		}
	}()
	fn()
}

func wantTaskPanic(t testing.TB, err error, says string) {
	t.Helper()
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Errorf("no panic: %v; want one with %q", err, says)
		return
	}
	if s, _ := p.Value.(string); !strings.HasPrefix(s, "rouse: ") || !strings.Contains(s, says) {
		t.Errorf("panic %v; want one with %q", p.Value, says)
	}
}

func TestPollElsewhere(t *testing.T) {
	onEach(t, func(w *world) {
		other := newWorld(w, drivers[0].Open, nil)
		f := w.create("f", pattern(100))
		rd, _ := f.NewReader(fileio.StreamConfig{})
		wr, _ := f.NewWriter(fileio.StreamConfig{})
		bk, _ := f.NewBulk([]fileio.Range{{Len: 1}}, fileio.BulkConfig{})
		tr, sync := f.NewRead(fileio.NewBuffer(10), 0), f.NewSync()
		for name, poll := range map[string]func(cx *rouse.Context) (int, error){
			"Transfer": tr.Poll,
			"Sync":     func(cx *rouse.Context) (int, error) { _, err := sync.Poll(cx); return 0, err },
			"Reader":   func(cx *rouse.Context) (int, error) { return rd.PollRead(cx, make([]byte, 1)) },
			"Writer":   func(cx *rouse.Context) (int, error) { return wr.PollWrite(cx, make([]byte, 1)) },
			"Bulk":     func(cx *rouse.Context) (int, error) { _, err := bk.PollNext(cx); return 0, err },
		} {
			_, err := task(other, poll)
			if wantTaskPanic(w, err, "spawn the task on the executor"); w.Failed() {
				w.Fatal(name)
			}
		}
		wantPanics(w, "has no executor", func() { fileio.NewStat("x").Poll(rouse.NewContext(rouse.Waker{})) })
		wantPanics(w, "has no executor", func() { fileio.NewOpen("x", 0, 0).Poll(rouse.NewContext(rouse.Waker{})) })
		_, err := future(other, fileio.Opener{Executor: w.ex}.NewOpen(w.path("f")))
		wantTaskPanic(w, err, "Opener.Executor")
	})
}

// poor is an executor without a driver.
type poor struct{ rouse.Executor }

func TestExecutorWithoutDriver(t *testing.T) {
	wantPanics(t, "driver.Host", func() {
		fileio.NewOpen("x", 0, 0).Poll(rouse.NewExecutorContext(poor{}, nil))
	})
}

func TestSpentFutures(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.create("f", pattern(100))
		rd := f.NewRead(fileio.NewBuffer(10), 0)
		if _, err := future(w, rd); err != nil {
			w.Fatal(err)
		}
		_, err := future(w, rd)
		wantTaskPanic(w, err, "call Reset")
		sync := f.NewSync()
		if _, err := future(w, sync); err != nil {
			w.Fatal(err)
		}
		_, err = future(w, sync)
		wantTaskPanic(w, err, "call Reset")
		open := fileio.NewOpen(w.path("none"), 0, 0)
		if _, err := future(w, open); err == nil {
			w.Error("no error")
		}
		_, err = future(w, open)
		wantTaskPanic(w, err, "polled after its result")
	})
}

func TestTransferUnderWay(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.create("f", pattern(100))
		w.set(faults, holdAll)
		b := fileio.NewBuffer(10)
		rd := f.NewRead(b, 0)
		h := executor.Spawn[int](w.ex, rd)
		w.holding(faults, 1)
		sync := f.NewSync()
		if _, err := task(w, func(cx *rouse.Context) (int, error) {
			wantPanics(w, "under way", func() { rd.Reset(b, 5) })
			sync.Poll(cx)
			wantPanics(w, "under way", func() { sync.Reset() })
			sync.Drop()
			sync.Reset()
			wantPanics(w, "Transfer has it", func() { b.SetLen(3) })
			wantPanics(w, "Transfer has it", func() { b.Append(nil) })
			return 0, nil
		}); err != nil {
			w.Error(err)
		}
		faults.free()
		if n, err := h.Join(w.ctx); n != 10 || err != nil {
			w.Error(n, err)
		}
		if _, err := future(w, sync); err != nil {
			w.Error(err)
		}
	})
}

func TestTwoTasksOneStream(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.create("f", pattern(100))
		w.set(faults, holdAll)
		rd, _ := f.NewReader(fileio.StreamConfig{})
		poll := rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { return rd.PollRead(cx, make([]byte, 1)) })
		first := executor.Spawn[int](w.ex, poll)
		w.holding(faults, 1)
		_, err := future(w, poll)
		wantTaskPanic(w, err, "at the same time")
		// Close wakes who waits.
		rd.Close()
		_, err = first.Join(w.ctx)
		wantIs(w, err, fileio.ErrClosed)
		faults.free()
	})
}

func TestBadConfig(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.create("f", nil)
		for _, cfg := range []fileio.StreamConfig{{Offset: -1}, {Buffer: -1}, {Depth: -1}} {
			_, err := f.NewReader(cfg)
			_, err2 := f.NewWriter(cfg)
			if err == nil || err2 == nil {
				w.Errorf("%+v: %v, %v", cfg, err, err2)
			}
		}
		for _, cfg := range []fileio.BulkConfig{{MaxMerged: -1}, {MaxGap: -1}, {Depth: -1}} {
			if _, err := f.NewBulk(nil, cfg); err == nil {
				w.Errorf("%+v: no error", cfg)
			}
		}
		for _, r := range []fileio.Range{{Off: -1}, {Len: -1}, {Off: 1<<63 - 1, Len: 5}} {
			if _, err := f.NewBulk([]fileio.Range{{}, r}, fileio.BulkConfig{}); err == nil || !strings.Contains(err.Error(), "range 1") {
				w.Errorf("%+v: %v", r, err)
			}
		}
		_, err := fileio.OpenFile(w.ctx, w.path("x"), 0, 1<<31)
		wantPath(w, err, "open", w.path("x"))
	})
}

func TestBlockingOnLoop(t *testing.T) {
	if !gid.Known {
		t.Skip("goroutines can't be told apart")
	}
	onEach(t, func(w *world) {
		f := w.create("f", pattern(10))
		for _, fn := range []func() error{
			func() error { _, err := f.ReadAt(w.ctx, make([]byte, 1), 0); return err },
			func() error { return f.Sync(w.ctx) },
			func() error { _, err := fileio.Open(w.ctx, "x"); return err },
		} {
			_, err := task(w, func(*rouse.Context) (int, error) { return 0, fn() })
			wantTaskPanic(w, err, "stop every task")
		}
	})
}

func TestBuffer(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000, 4 << 20, 4<<20 + 1, 9 << 20} {
		b := fileio.NewBuffer(n)
		if len(b.Bytes()) != n || b.Len() != n || b.Cap() < n || b.Cap()%fileio.Alignment != 0 {
			t.Errorf("%d: %d of %d", n, b.Len(), b.Cap())
		}
		if n > 0 && !fileio.Aligned(b.Bytes()) {
			t.Errorf("%d: not aligned", n)
		}
		b.Free()
	}
	b := fileio.NewBuffer(0)
	var want []byte
	for i := range 100 {
		p := pattern(i * 10)
		b.Append(p)
		want = append(want, p...)
	}
	if string(b.Bytes()) != string(want) || !fileio.Aligned(b.Bytes()) {
		t.Error("Append")
	}
	twice := fileio.NewBuffer(10)
	twice.Free()
	wantPanics(t, "after Free", twice.Free)
	wantPanics(t, "beyond", func() { b.SetLen(b.Cap() + 1) })
	wantPanics(t, "negative", func() { fileio.NewBuffer(-1) })
	b.SetLen(3)
	if string(b.Bytes()) != string(want[:3]) {
		t.Error("SetLen")
	}
}
