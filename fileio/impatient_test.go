package fileio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/fileio"
)

// inBoth runs body on a goroutine and in a fiber.
func inBoth(w *world, body func(ctx context.Context) error) {
	w.Helper()
	if err := body(w.ctx); err != nil {
		w.Error("on a goroutine:", err)
	}
	h := fiber.Go(w.ctx, func(ctx context.Context) (int, error) { return 0, body(ctx) })
	if _, err := h.Join(w.ctx); err != nil {
		w.Error("in a fiber:", err)
	}
}

// impatiently calls fn with a ctx that ends soon, again and again, until it
// returns another error than that of the ctx.
func impatiently(ctx context.Context, fn func(ctx context.Context) error) (gaveUp int, err error) {
	for {
		short, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(60))*time.Microsecond)
		err := fn(short)
		cancel()
		if err == nil {
			continue
		}
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return gaveUp, err
		}
		gaveUp++
	}
}

// A stream loses no byte and no range when its caller gives up all the time.
func TestImpatientStreams(t *testing.T) {
	onEach(t, func(w *world) {
		want := pattern(400_000)
		f, out := w.create("f", want), w.create("g", nil)
		cfg := fileio.StreamConfig{Buffer: 4096, Depth: 2}
		gaveUp := 0
		inBoth(w, func(ctx context.Context) error {
			rd, err := f.NewReader(cfg)
			if err != nil {
				return err
			}
			defer rd.Close()
			var got []byte
			buf := make([]byte, 5000)
			n, err := impatiently(ctx, func(ctx context.Context) error {
				n, err := rd.Read(ctx, buf)
				got = append(got, buf[:n]...)
				return err
			})
			if gaveUp += n; err != io.EOF || !bytes.Equal(got, want) {
				return errors.Join(errors.New("Reader"), err)
			}
			var ranges []fileio.Range
			for i := range 300 {
				ranges = append(ranges, fileio.Range{Off: int64(i * 1000), Len: 900})
			}
			bulk, err := f.NewBulk(ranges, fileio.BulkConfig{Depth: 2})
			if err != nil {
				return err
			}
			defer bulk.Close()
			i := 0
			n, err = impatiently(ctx, func(ctx context.Context) error {
				p, err := bulk.Next(ctx)
				if err == nil {
					if !bytes.Equal(p, want[i*1000:i*1000+900]) {
						return errors.New("a range is wrong")
					}
					i++
				}
				return err
			})
			if gaveUp += n; err != io.EOF || i != len(ranges) {
				return errors.Join(errors.New("Bulk"), err)
			}
			if err := out.Truncate(ctx, 0); err != nil {
				return err
			}
			wr, err := out.NewWriter(cfg)
			if err != nil {
				return err
			}
			rest := want
			n, err = impatiently(ctx, func(ctx context.Context) error {
				n, err := wr.Write(ctx, rest[:min(len(rest), 7000)])
				if rest = rest[n:]; len(rest) == 0 {
					return io.EOF
				}
				return err
			})
			if gaveUp += n; err != io.EOF {
				return errors.Join(errors.New("Writer"), err)
			}
			n, err = impatiently(ctx, func(ctx context.Context) error {
				if err := wr.Close(ctx); err != nil {
					return err
				}
				return io.EOF
			})
			if gaveUp += n; err != io.EOF || !bytes.Equal(w.content("g"), want) {
				return errors.Join(errors.New("Close"), err)
			}
			return nil
		})
		if w.Log("gave up", gaveUp, "times"); gaveUp == 0 {
			w.Error("never gave up")
		}
	})
}

// A Writer that is dropped writes no more, and one that is not at its end either.
func TestDroppedWriter(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.create("f", nil)
		wr, err := f.NewWriter(fileio.StreamConfig{})
		if err != nil {
			w.Fatal(err)
		}
		if n, err := wr.Write(w.ctx, []byte("never seen")); n != 10 || err != nil {
			w.Fatal(n, err)
		}
		if _, err := task(w, func(*rouse.Context) (int, error) { wr.Drop(); return 0, nil }); err != nil {
			w.Fatal(err)
		}
		_, err = wr.Write(w.ctx, []byte("x"))
		wantIs(w, err, fileio.ErrClosed)
		if got := w.content("f"); len(got) != 0 {
			w.Errorf("the file holds %q", got)
		}
	})
}

// A patch that fails leaves the file as long as it was, or as what went.
func TestPatchFails(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		for _, code := range []driver.Code{driver.Stat, driver.ReadAt, driver.WriteAt} {
			f := w.direct("f", pattern(5000))
			w.set(faults, func(op *driver.Op) verdict {
				if op.Code == code {
					return verdict{err: syscall.EIO}
				}
				return verdict{}
			})
			n, err := f.WriteAt(w.ctx, pattern(10_000), 4900)
			var e *fileio.OffsetError
			if n != 0 || !errors.As(err, &e) || e.Off != 4900 {
				w.Errorf("%s failed: %d, %v", code, n, err)
			}
			wantPath(w, err, "write", w.path("f"), syscall.EIO)
			w.set(faults, nil)
			if got := w.content("f"); !bytes.Equal(got, pattern(5000)) {
				w.Errorf("%s failed, and the file has %d bytes", code, len(got))
			}
			f.Close()
		}
		// Half of it goes, then the disk is full.
		f := w.direct("f", nil)
		w.set(faults, func(op *driver.Op) verdict {
			switch {
			case op.Code != driver.WriteAt:
			case op.Off >= 8192:
				return verdict{err: syscall.ENOSPC}
			case op.Off+int64(len(op.Buf)) > 8192:
				return verdict{short: int(8192 - op.Off)}
			}
			return verdict{}
		})
		n, err := f.WriteAt(w.ctx, pattern(20_000), 100)
		if n != 8192-100 {
			w.Errorf("%d bytes went", n)
		}
		wantPath(w, err, "write", w.path("f"), syscall.ENOSPC)
		if got := w.content("f"); len(got) != 8192 || !bytes.Equal(got[100:], pattern(n)) {
			w.Errorf("the file has %d bytes", len(got))
		}
	})
}

// The executor closes while a dropped patch is being finished.
func TestCloseWhileFinishing(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.direct("f", nil)
		w.set(faults, holdAll)
		h := executor.Spawn[int](w.ex, f.NewWrite(fileio.NewBuffer(100), 0))
		w.holding(faults, 1)
		h.Abort()
		if _, err := h.Join(w.ctx); err != rouse.ErrCanceled {
			w.Error(err)
		}
		w.stop()
	})
}

// Streams of an executor that has ended say so.
func TestStreamsAfterTheEnd(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.create("f", pattern(100))
		rd, _ := f.NewReader(fileio.StreamConfig{})
		wr, _ := f.NewWriter(fileio.StreamConfig{})
		bk, _ := f.NewBulk([]fileio.Range{{Len: 5}}, fileio.BulkConfig{})
		w.stop()
		_, err := rd.Read(w.ctx, make([]byte, 1))
		wantPath(w, err, "read", w.path("f"), fileio.ErrClosed, rouse.ErrCanceled)
		_, err = wr.Write(w.ctx, make([]byte, 1))
		wantPath(w, err, "write", w.path("f"), fileio.ErrClosed, rouse.ErrCanceled)
		_, err = bk.Next(w.ctx)
		wantPath(w, err, "read", w.path("f"), fileio.ErrClosed, rouse.ErrCanceled)
		_, err = f.ReadAt(w.ctx, make([]byte, 1), 3)
		wantPath(w, err, "read", w.path("f"), fileio.ErrClosed, rouse.ErrCanceled)
		rd.Close()
		bk.Close()
	})
}
