package fileio_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fileio"
)

// direct makes a file and opens it for direct I/O, or skips the test.
func (w *world) direct(name string, content []byte) *fileio.File {
	w.Helper()
	if err := os.WriteFile(w.path(name), content, 0o600); err != nil {
		w.Fatal(err)
	}
	f, err := fileio.Opener{Flags: os.O_RDWR, Direct: true}.Open(w.ctx, w.path(name))
	switch {
	case runtime.GOOS != "linux":
		wantIs(w, err, driver.ErrNotSupported)
		w.Skip("no direct I/O on this system")
	case errors.Is(err, syscall.EINVAL):
		w.Skip("no direct I/O on this file system")
	case err != nil:
		w.Fatal(err)
	}
	w.Cleanup(func() { f.Close() })
	return f
}

// at returns a slice of n bytes whose address is skew beyond an aligned one.
func at(skew, n int) []byte {
	return fileio.NewBuffer(skew + n).Bytes()[skew:]
}

// Random reads and writes of a direct file do what they do to a slice.
func TestDirectAgainstModel(t *testing.T) {
	onEach(t, func(w *world) {
		for round := range 15 {
			rng := rand.New(rand.NewPCG(uint64(round), 1))
			model := pattern(rng.IntN(40_000))
			f := w.direct("f", model)
			for i := range 25 {
				skew, off, n := 0, rng.IntN(45_000), rng.IntN(12_000)
				switch rng.IntN(4) {
				case 0: // straight
					off, n = off&^4095, n&^4095
				case 1:
					off, n, skew = off&^4095, n&^4095, 1+rng.IntN(100)
				case 2:
					n = rng.IntN(600_000)
				}
				buf := at(skew, n)
				if rng.IntN(2) == 0 {
					for j := range buf {
						buf[j] = byte(i + j)
					}
					if got, err := f.WriteAt(w.ctx, buf, int64(off)); got != n || err != nil {
						w.Fatalf("round %d: wrote %d of %d at %d: %v", round, got, n, off, err)
					}
					if n > 0 && off+n > len(model) {
						model = append(model, make([]byte, off+n-len(model))...)
					}
					copy(model[min(off, len(model)):], buf)
				} else {
					got, err := f.ReadAt(w.ctx, buf, int64(off))
					want := model[min(off, len(model)):min(off+n, len(model))]
					if got != len(want) || !bytes.Equal(buf[:got], want) || (err == io.EOF) != (got < n) || err != nil && err != io.EOF {
						w.Fatalf("round %d: read %d of %d at %d, want %d: %v", round, got, n, off, len(want), err)
					}
				}
			}
			if got := w.content("f"); !bytes.Equal(got, model) {
				w.Fatalf("round %d: the file has %d bytes, want %d", round, len(got), len(model))
			}
			f.Close()
		}
	})
}

// Writes of parts of the same blocks by many at once lose nothing.
func TestDirectNeighbours(t *testing.T) {
	onEach(t, func(w *world) {
		f := w.direct("f", nil)
		const pieces, size = 100, 777
		want := pattern(pieces * size)
		var handles []func() error
		for _, i := range rand.Perm(pieces) {
			b := fileio.NewBuffer(0)
			b.Append(want[i*size : (i+1)*size])
			h := executor.Spawn[int](w.ex, f.NewWrite(b, int64(i*size)))
			handles = append(handles, func() error {
				n, err := h.Join(w.ctx)
				if err == nil && n != size {
					err = errors.New("short")
				}
				return err
			})
		}
		for _, h := range handles {
			if err := h(); err != nil {
				w.Error(err)
			}
		}
		if got := w.content("f"); !bytes.Equal(got, want) {
			w.Errorf("%d bytes, want %d", len(got), len(want))
		}
	})
}

// A file that can't be read can't be patched, and says so.
func TestDirectWriteOnly(t *testing.T) {
	onEach(t, func(w *world) {
		w.direct("f", nil).Close()
		f, err := fileio.Opener{Flags: os.O_WRONLY, Direct: true}.Open(w.ctx, w.path("f"))
		if err != nil {
			w.Fatal(err)
		}
		defer f.Close()
		if n, err := f.WriteAt(w.ctx, make([]byte, 8192), 0); n != 8192 || err != nil {
			w.Error(n, err)
		}
		_, err = f.WriteAt(w.ctx, make([]byte, 100), 0)
		wantPath(w, err, "write", w.path("f"))
	})
}

// Patches, whole blocks and streams of many tasks at once, some of them given up
// in the middle: what was reported written is there, and the file is as long as
// what was written, or as what may have been.
func TestDirectCrowd(t *testing.T) {
	onEach(t, func(w *world) {
		rng := rand.New(rand.NewPCG(3, 4))
		for round := range 20 {
			f := w.direct("f", nil)
			const regions, size = 60, 3000 // neighbours share blocks
			const blocks = (regions*size + 8191) &^ 4095
			want := pattern(blocks + 20*4096)
			type piece struct {
				off, n  int
				h       func() (int, error)
				aborted bool
			}
			var pieces []piece
			write := func(off, n int) {
				b := fileio.NewBuffer(0)
				b.Append(want[off : off+n])
				h := executor.Spawn[int](w.ex, f.NewWrite(b, int64(off)))
				p := piece{off: off, n: n, h: func() (int, error) { return h.Join(w.ctx) }, aborted: rng.IntN(5) == 0}
				if p.aborted {
					defer h.Abort()
				}
				pieces = append(pieces, p)
			}
			for i := range regions {
				write(i*size, 1+rng.IntN(size))
				if i%3 == 0 {
					write(blocks+i/3*4096, 4096)
				}
			}
			sure, most := 0, 0 // the end of what was written, and of what may have been
			for _, p := range pieces {
				n, err := p.h()
				switch {
				case err == nil && n == p.n:
					sure = max(sure, p.off+n)
				case !p.aborted || !errors.Is(err, rouse.ErrCanceled):
					w.Fatal(n, err)
				}
				most = max(most, p.off+p.n)
			}
			// A patch waits until those that were dropped are through.
			if _, err := f.WriteAt(w.ctx, want[:1], 0); err != nil {
				w.Fatal(err)
			}
			f.Close()
			got := w.content("f")
			if len(got) < sure || len(got) > max(most, sure) {
				w.Errorf("round %d: the file has %d bytes; want %d to %d", round, len(got), sure, most)
			}
			for _, p := range pieces {
				if part := got[min(p.off, len(got)):min(p.off+p.n, len(got))]; !p.aborted && !bytes.Equal(part, want[p.off:p.off+p.n]) {
					w.Errorf("round %d: %d bytes at %d are wrong", round, p.n, p.off)
				}
			}
		}
	})
}
