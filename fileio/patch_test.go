package fileio_test

import (
	"bytes"
	"os"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// A patch that is given up leaves no block too long behind.
func TestDroppedPatchCuts(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.direct("f", pattern(10_000))
		w.set(faults, func(op *driver.Op) verdict { return verdict{hold: op.Code == driver.WriteAt} })
		b := fileio.NewBuffer(0)
		b.Append([]byte("a piece at the end"))
		h := executor.Spawn[int](w.ex, f.NewWrite(b, 10_000))
		w.holding(faults, 1)
		h.Abort()
		_, err := h.Join(w.ctx)
		wantIs(w, err, rouse.ErrCanceled)
		faults.free()
		w.until("it is done", func() bool { return len(faults.held) == 0 })
		// The next patch waits for the dropped one.
		w.set(faults, nil)
		if n, err := f.WriteAt(w.ctx, []byte("!"), 3); n != 1 || err != nil {
			w.Fatal(n, err)
		}
		got := w.content("f")
		if size := len(got); size != 10_000 && size != 10_018 {
			w.Errorf("the file has %d bytes", size)
		}
	})
}

// What is dropped before it began leaves no trace, an Opening closes its file.
func TestDropEarly(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.create("f", nil)
		for i := range 50 {
			var drops []rouse.Dropper
			drops = append(drops, fileio.NewOpen(w.path("f"), os.O_RDWR, 0), f.NewRead(fileio.NewBuffer(10), 0), f.NewSync(), fileio.NewReadDir(w.dir))
			_, err := task(w, func(cx *rouse.Context) (int, error) {
				if i%2 == 0 {
					drops[0].(*fileio.Opening).Poll(cx)
					drops[1].(*fileio.Transfer).Poll(cx)
					drops[2].(*fileio.Action[struct{}]).Poll(cx)
				}
				for _, d := range drops {
					d.Drop()
				}
				return 0, nil
			})
			if err != nil {
				w.Fatal(err)
			}
		}
	})
}

// writeBlock starts to write a block at off.
func (w *world) writeBlock(f *fileio.File, off int64) func() {
	b := fileio.NewBuffer(fileio.Alignment)
	copy(b.Bytes(), bytes.Repeat([]byte{7}, fileio.Alignment))
	h := executor.Spawn[int](w.ex, f.NewWrite(b, off))
	return func() {
		w.Helper()
		if n, err := h.Join(w.ctx); n != fileio.Alignment || err != nil {
			w.Error(n, err)
		}
	}
}

func (w *world) wantLastBlock(name string, off int) {
	w.Helper()
	got := w.content(name)
	if len(got) != off+fileio.Alignment || got[off] != 7 || got[len(got)-1] != 7 {
		w.Errorf("the file has %d bytes; want %d, the last block of them sevens", len(got), off+fileio.Alignment)
	}
}

// While a patch cuts the file back, nobody makes it longer.
func TestCutHoldsOthersUp(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.direct("f", nil)
		var begun atomic.Int64
		w.set(faults, func(op *driver.Op) verdict {
			if op.Code == driver.WriteAt && op.Off > 0 {
				begun.Add(1)
			}
			return verdict{hold: op.Code == driver.Truncate}
		})
		b := fileio.NewBuffer(100)
		patch := executor.Spawn[int](w.ex, f.NewWrite(b, 0))
		w.holding(faults, 1)
		written := w.writeBlock(f, 8192)
		for range 5 { // turns enough to begin
			w.until("a turn is over", func() bool { return true })
		}
		if begun.Load() != 0 {
			w.Error("a write beyond began while the file is being cut")
		}
		faults.free()
		if n, err := patch.Join(w.ctx); n != 100 || err != nil {
			w.Error(n, err)
		}
		written()
		w.wantLastBlock("f", 8192)
	})
}

// A patch does not cut if somebody is writing beyond it.
func TestNoCutUnderWriters(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.direct("f", nil)
		var cuts atomic.Int64
		w.set(faults, func(op *driver.Op) verdict {
			if op.Code == driver.Truncate {
				cuts.Add(1)
			}
			return verdict{hold: op.Code == driver.WriteAt && op.Off > 0}
		})
		written := w.writeBlock(f, 8192)
		w.holding(faults, 1)
		if n, err := f.WriteAt(w.ctx, make([]byte, 100), 0); n != 100 || err != nil {
			w.Error(n, err)
		}
		if cuts.Load() != 0 {
			w.Error("the file was cut while somebody wrote beyond")
		}
		faults.free()
		written()
		w.wantLastBlock("f", 8192)
	})
}
