package fileio_test

import (
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// A Reader has Depth reads under way, a Writer takes Depth buffers and one more
// and then makes its caller wait.
func TestDepth(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		const size, depth = 4096, 3
		f := w.create("f", pattern(100*size))
		w.set(faults, holdAll)
		cfg := fileio.StreamConfig{Buffer: size, Depth: depth}
		rd, err := f.NewReader(cfg)
		if err != nil {
			w.Fatal(err)
		}
		h := executor.Spawn[int](w.ex, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { return rd.PollRead(cx, make([]byte, 1)) }))
		w.holding(faults, depth)
		wr, err := f.NewWriter(cfg)
		if err != nil {
			w.Fatal(err)
		}
		taken, waits := 0, false
		if _, err := task(w, func(cx *rouse.Context) (int, error) {
			for {
				n, err := wr.PollWrite(cx, make([]byte, 1000))
				if taken += n; err != nil {
					waits = err == rouse.Pending
					wr.ForgetWrite()
					return 0, nil
				}
			}
		}); err != nil {
			w.Error(err)
		}
		if !waits || taken != (depth+1)*size {
			w.Errorf("the Writer took %d bytes, want %d", taken, (depth+1)*size)
		}
		w.until("all are under way", func() bool { return len(faults.held) == 2*depth })
		faults.free()
		if n, err := h.Join(w.ctx); n != 1 || err != nil {
			w.Error(n, err)
		}
		if err := wr.Close(w.ctx); err != nil {
			w.Error(err)
		}
		rd.Close()
	})
}

// On a direct file a stream goes in whole blocks, but for its ends.
func TestStreamStaysAligned(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.direct("f", pattern(300_000))
		var odd int
		w.set(faults, func(op *driver.Op) verdict {
			if (op.Code == driver.ReadAt || op.Code == driver.WriteAt) && (op.Off%4096 != 0 || len(op.Buf)%4096 != 0 || !fileio.Aligned(op.Buf)) {
				odd++
			}
			return verdict{}
		})
		wr, _ := f.NewWriter(fileio.StreamConfig{Offset: 1234, Buffer: 16 << 10})
		for range 100 {
			if _, err := wr.Write(w.ctx, pattern(2000)); err != nil {
				w.Fatal(err)
			}
		}
		before := faults.count.Load()
		if err := wr.Close(w.ctx); err != nil {
			w.Fatal(err)
		}
		if n := faults.count.Load() - before; n > 12 { // a write or two, and a patch
			w.Errorf("%d operations at the end", n)
		}
		rd, _ := f.NewReader(fileio.StreamConfig{Offset: 777, Buffer: 16 << 10})
		for range 100 {
			if _, err := rd.Read(w.ctx, make([]byte, 2000)); err != nil {
				w.Fatal(err)
			}
		}
		rd.Close()
		if odd > 0 {
			w.Errorf("%d operations were not aligned", odd)
		}
	})
}
