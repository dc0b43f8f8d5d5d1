package fileio_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/fileio"
)

// holdAll keeps reads and writes in flight.
func holdAll(op *driver.Op) verdict {
	return verdict{hold: op.Code == driver.ReadAt || op.Code == driver.WriteAt}
}

// stays fails if ch is closed within a little while.
func stays(t testing.TB, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
		t.Error(what)
	case <-time.After(20 * time.Millisecond):
	}
}

func ends(t testing.TB, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		t.Fatal(what)
	}
}

// A cancelled read waits for the disk: until it returns its memory may change,
// and from then on not any more.
func TestCancelWaitsForLastWord(t *testing.T) {
	for _, how := range []string{"goroutine", "fiber", "fiber of another executor"} {
		t.Run(how, func(t *testing.T) {
			onFaulty(t, func(w *world, faults *faulty) {
				want := pattern(10_000)
				f := w.create("f", want)
				w.set(faults, holdAll)
				buf := make([]byte, len(want))
				ctx, cancel := context.WithCancel(w.ctx)
				var err error
				ended := make(chan struct{})
				body := func(ctx context.Context) (int, error) {
					defer close(ended)
					_, err = f.ReadAt(ctx, buf, 0)
					return 0, nil
				}
				switch how {
				case "goroutine":
					go body(ctx)
				case "fiber":
					fiber.Go(ctx, body)
				default:
					other := newWorld(w, drivers[0].Open, nil)
					fiber.Go(other.ex.Context(ctx), body)
				}
				w.holding(faults, 1)
				cancel()
				w.until("the read is cancelled", func() bool { return faults.canceled.Load() > 0 })
				stays(t, ended, "ReadAt returned before the disk was done")
				faults.free()
				ends(t, ended, "ReadAt does not return")
				wantIs(t, err, context.Canceled)
				clear(buf) // ours again; the race detector listens
			})
		})
	}
}

// A write that is cancelled but took place says so.
func TestCanceledWriteCounts(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.create("f", nil)
		w.set(faults, holdAll)
		ctx, cancel := context.WithCancel(w.ctx)
		var n int
		var err error
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			n, err = f.WriteAt(ctx, pattern(5000), 0)
		}()
		w.holding(faults, 1)
		cancel()
		w.until("the write is cancelled", func() bool { return faults.canceled.Load() > 0 })
		faults.free()
		ends(t, ended, "WriteAt does not return")
		wantIs(w, err, context.Canceled)
		if got := w.content("f"); n != len(got) || !bytes.Equal(got, pattern(n)) {
			w.Errorf("WriteAt says %d, the file has %d bytes", n, len(got))
		}
	})
}

// A fiber that is aborted waits, too: it gives turns while its grace lasts, and
// then the loop waits for the disk.
func TestAbortedFiberWaitsForLastWord(t *testing.T) {
	for _, grace := range []bool{true, false} {
		cfg := executor.Config{Grace: time.Nanosecond}
		if grace {
			cfg.Grace = 2 * patience
		}
		onFaultyWith(t, cfg, func(w *world, faults *faulty) {
			f := w.create("f", pattern(10_000))
			w.set(faults, holdAll)
			var returned, unwound atomic.Bool
			var inUse atomic.Bool
			ended := make(chan struct{})
			h := fiber.Go(w.ctx, func(ctx context.Context) (int, error) {
				buf := make([]byte, 10_000)
				defer close(ended)
				defer func() {
					unwound.Store(true)
					inUse.Store(!faults.release.Load())
				}()
				_, err := f.ReadAt(ctx, buf, 0)
				returned.Store(true)
				clear(buf)
				return 0, err
			})
			w.holding(faults, 1)
			h.Abort()
			w.watch("the read is cancelled", func() bool { return faults.canceled.Load() > 0 })
			if !grace { // a loop with a dying fiber parks for ever only to wait for the disk
				w.watch("the loop waits", func() bool { return faults.waiting.Load() > 0 })
			}
			if unwound.Load() {
				w.Error("the fiber was unwound while the disk was at its memory")
			}
			faults.free()
			ends(t, ended, "the fiber does not end")
			if inUse.Load() || returned.Load() != grace {
				w.Errorf("returned %v, in use %v", returned.Load(), inUse.Load())
			}
			_, err := h.Join(w.ctx)
			wantIs(w, err, rouse.ErrCanceled)
		})
	}
}

// A Transfer that is dropped keeps its Buffer until the disk is done.
func TestDroppedTransferKeepsBuffer(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		const size = 3 << 20 // a class of the pool that nobody else uses here
		f := w.create("f", pattern(size))
		w.set(faults, holdAll)
		b := fileio.NewBuffer(size)
		mem := b.Bytes()
		clear(mem)
		rd := f.NewRead(b, 0)
		h := executor.Spawn[int](w.ex, rd)
		w.holding(faults, 1)
		h.Abort()
		_, err := h.Join(w.ctx)
		wantIs(w, err, rouse.ErrCanceled)
		for range 10 {
			if other := fileio.NewBuffer(size); &other.Bytes()[0] == &mem[0] {
				t.Fatal("the Buffer is in the pool while the disk is at it")
			}
		}
		wantPanics(w, "Transfer has it", func() { b.Bytes() })
		wantPanics(w, "Transfer has it", func() { b.Free() })
		// The same Transfer is good for another read meanwhile.
		again := fileio.NewBuffer(10)
		w.set(faults, nil)
		rd.Reset(again, 5)
		if n, err := future(w, rd); n != 10 || err != nil || !bytes.Equal(again.Bytes(), pattern(15)[5:]) {
			t.Error(n, err)
		}
		faults.free()
		w.until("it is done", func() bool { return len(faults.held) == 0 })
	})
}

// Closing the executor ends what is in flight, and whoever waits.
func TestCloseExecutorInFlight(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.create("f", pattern(10_000))
		w.set(faults, holdAll)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, err := f.ReadAt(w.ctx, make([]byte, 100), 0)
			wantIs(w, err, fileio.ErrClosed)
		}()
		w.holding(faults, 1)
		rd, _ := f.NewReader(fileio.StreamConfig{})
		executor.Spawn[int](w.ex, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { return rd.PollRead(cx, make([]byte, 1)) })).Detach()
		w.holding(faults, 5)
		w.stop()
		ends(t, ended, "ReadAt does not return")
	})
}

// Random cancellation of everything, on everything: no result is wrong, nothing
// leaks, no memory is touched that is the caller's again.
func TestCancelAnything(t *testing.T) {
	onEach(t, func(w *world) {
		want := pattern(200_000)
		f := w.create("f", want)
		d := w.direct("g", want)
		other := newWorld(w, drivers[len(drivers)-1].Open, nil)
		work := func(ctx context.Context) (int, error) {
			buf := make([]byte, 5000)
			for i := 0; ctx.Err() == nil; i++ {
				for _, f := range []*fileio.File{f, d} {
					off := i * 777 % 190_000
					n, err := f.ReadAt(ctx, buf, int64(off))
					if err == nil && !bytes.Equal(buf[:n], want[off:off+n]) {
						w.Error("wrong content")
					}
					if _, err = f.WriteAt(ctx, want[off:off+3000], int64(off)); err != nil && ctx.Err() == nil && err != rouse.ErrCanceled {
						w.Error(err)
					}
					clear(buf)
					if err == rouse.ErrCanceled {
						return 0, err
					}
				}
			}
			return 0, nil
		}
		for i := range 60 {
			short, cancel := context.WithTimeout(w.ctx, time.Duration(i*37%3000)*time.Microsecond)
			done := make(chan struct{})
			go func() { defer close(done); work(short) }()
			a := fiber.Go(short, work)
			b := fiber.Go(other.ex.Context(short), work)
			c := fiber.Go(w.ctx, work)
			<-short.Done()
			c.Abort()
			_, err := a.Join(w.ctx)
			_, err2 := b.Join(w.ctx)
			_, err3 := c.Join(w.ctx)
			ends(t, done, "the goroutine does not end")
			for _, err := range []error{err, err2, err3} {
				if err != nil && !errors.Is(err, rouse.ErrCanceled) {
					w.Error(err)
				}
			}
			cancel()
		}
		for _, name := range []string{"f", "g"} {
			if !bytes.Equal(w.content(name), want) {
				w.Error("the content has changed")
			}
		}
	})
}
