package fileio_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/fileio"
)

// ragged is a plan: everything is short, and interrupted now and then.
func ragged(direct bool) func(op *driver.Op) verdict {
	rng := rand.New(rand.NewPCG(1, 2))
	return func(op *driver.Op) verdict {
		if rng.IntN(3) == 0 {
			return verdict{err: syscall.EINTR}
		}
		if rng.IntN(3) == 0 {
			return verdict{}
		}
		n := 1 + rng.IntN(5000)
		if direct {
			n = (1 + rng.IntN(3)) * 4096
		}
		return verdict{short: n}
	}
}

// Short transfers are continued, interrupted ones repeated, in every form.
func TestShortTransfers(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		for _, direct := range []bool{false, true} {
			want := pattern(300_000)
			f := w.create("f", nil)
			if direct {
				f = w.direct("f", nil)
			}
			w.set(faults, ragged(direct))
			if n, err := f.WriteAt(w.ctx, want, 0); n != len(want) || err != nil {
				w.Fatal("WriteAt:", n, err)
			}
			got := make([]byte, len(want))
			if n, err := f.ReadAt(w.ctx, got, 0); n != len(want) || err != nil || !bytes.Equal(got, want) {
				w.Fatal("ReadAt:", n, err)
			}
			if err := f.Sync(w.ctx); err != nil {
				w.Fatal(err)
			}
			checkStreams(w, f, want)
			w.set(faults, nil)
			if got := w.content("f"); !bytes.Equal(got, want) {
				w.Error("the file has", len(got), "bytes")
			}
		}
	})
}

// checkStreams writes want by a Writer and reads it by a Reader and a Bulk.
func checkStreams(w *world, f *fileio.File, want []byte) {
	w.Helper()
	if err := f.Truncate(w.ctx, 0); err != nil {
		w.Fatal(err)
	}
	for _, cfg := range []fileio.StreamConfig{{}, {Buffer: 1, Depth: 1}, {Buffer: 20_000, Depth: 3}} {
		wr, err := f.NewWriter(cfg)
		if err != nil {
			w.Fatal(err)
		}
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(40_000))
			if k, err := wr.Write(w.ctx, rest[:n]); k != n || err != nil {
				w.Fatal("Write:", k, err)
			}
			if rest = rest[n:]; rand.IntN(4) == 0 {
				if err := wr.Flush(w.ctx); err != nil {
					w.Fatal("Flush:", err)
				}
				if got := w.content(f.Name()[len(w.dir)+1:]); !bytes.Equal(got[:len(want)-len(rest)], want[:len(want)-len(rest)]) {
					w.Fatal("what was flushed is not there")
				}
			}
		}
		if err := wr.Close(w.ctx); err != nil {
			w.Fatal("Close:", err)
		}
		rd, err := f.NewReader(cfg)
		if err != nil {
			w.Fatal(err)
		}
		got, err := io.ReadAll(rd.IOReader(w.ctx))
		if err != nil || !bytes.Equal(got, want) {
			w.Fatal("Reader:", len(got), err)
		}
		if n, err := rd.Read(w.ctx, make([]byte, 1)); n != 0 || err != io.EOF {
			w.Error("after the end:", n, err)
		}
		rd.Close()
	}
	var ranges []fileio.Range
	for range 300 {
		ranges = append(ranges, fileio.Range{Off: int64(rand.IntN(len(want))), Len: rand.IntN(3000)})
	}
	for _, cfg := range []fileio.BulkConfig{{}, {MaxMerged: 10_000, MaxGap: 100_000, Depth: 2}, {MaxMerged: 1 << 20, MaxGap: 1 << 20, Depth: 1}} {
		b, err := f.NewBulk(ranges, cfg)
		if err != nil {
			w.Fatal(err)
		}
		for _, r := range ranges {
			got, err := b.Next(w.ctx)
			end := min(int(r.Off)+r.Len, len(want))
			if !bytes.Equal(got, want[r.Off:end]) || (err == nil) != (len(got) == r.Len) || err != nil && err != io.ErrUnexpectedEOF {
				w.Fatalf("range %v: %d bytes, %v", r, len(got), err)
			}
		}
		if _, err := b.Next(w.ctx); err != io.EOF {
			w.Error("after the last:", err)
		}
		b.Close()
	}
}

func TestStreams(t *testing.T) {
	onEach(t, func(w *world) {
		checkStreams(w, w.create("f", nil), pattern(1_000_000))
		checkStreams(w, w.direct("g", nil), pattern(1_000_000))
	})
}

// An error says what went before it, and where.
func TestFullDisk(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
			f := w.create("f", nil)
			const limit = 100_000
			full := func(op *driver.Op) verdict {
				switch {
				case op.Code != driver.WriteAt:
				case op.Off >= limit:
					return verdict{err: errno}
				case op.Off+int64(len(op.Buf)) > limit:
					return verdict{short: int(limit - op.Off)}
				}
				return verdict{}
			}
			w.set(faults, full)
			check := func(what string, err error) {
				w.Helper()
				var e *fileio.OffsetError
				if !errors.As(err, &e) || e.Off != limit {
					w.Errorf("%s: %v", what, err)
				}
				wantPath(w, err, "write", w.path("f"), errno)
			}
			n, err := f.WriteAt(w.ctx, make([]byte, 200_000), 50_000)
			if n != 50_000 {
				w.Errorf("%d bytes went", n)
			}
			check("WriteAt", err)
			b := fileio.NewBuffer(200_000)
			n, err = future(w, f.NewWrite(b, 0))
			if n != limit {
				w.Errorf("%d bytes went", n)
			}
			check("NewWrite", err)

			wr, err := f.NewWriter(fileio.StreamConfig{Buffer: 4096, Depth: 2})
			if err != nil {
				w.Fatal(err)
			}
			taken := 0
			for err == nil {
				n, err = wr.Write(w.ctx, make([]byte, 1000))
				if taken += n; taken > limit+100_000 {
					w.Fatal("no error")
				}
			}
			check("Write", err)
			_, again := wr.Write(w.ctx, []byte("x"))
			check("Write again", again)
			check("Flush", wr.Flush(w.ctx))
			check("Close", wr.Close(w.ctx))
			check("Close again", wr.Close(w.ctx))
			_, err = wr.Write(w.ctx, []byte("x"))
			wantIs(w, err, fileio.ErrClosed)

			// The last piece goes with Close, so that one must say so.
			if wr, err = f.NewWriter(fileio.StreamConfig{Offset: limit}); err != nil {
				w.Fatal(err)
			}
			if _, err := wr.Write(w.ctx, []byte("x")); err != nil {
				w.Fatal(err)
			}
			check("Close", wr.Close(w.ctx))
			w.set(faults, nil)
		}
	})
}

// Errors of reads: sticky in a Reader, each range's own in a Bulk.
func TestBadBlock(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		const bad = 64 << 10
		want := pattern(200_000)
		f := w.create("f", want)
		w.set(faults, func(op *driver.Op) verdict {
			switch {
			case op.Code != driver.ReadAt:
			case op.Off <= bad && op.Off+int64(len(op.Buf)) > bad && op.Off != bad:
				return verdict{short: int(bad - op.Off)}
			case op.Off == bad:
				return verdict{err: syscall.EIO}
			}
			return verdict{}
		})
		rd, err := f.NewReader(fileio.StreamConfig{Buffer: 8192})
		if err != nil {
			w.Fatal(err)
		}
		defer rd.Close()
		got, err := io.ReadAll(rd.IOReader(w.ctx))
		var e *fileio.OffsetError
		if !bytes.Equal(got, want[:bad]) || !errors.As(err, &e) || e.Off != bad {
			w.Errorf("%d bytes, %v", len(got), err)
		}
		wantPath(w, err, "read", w.path("f"), syscall.EIO)
		if _, again := rd.Read(w.ctx, make([]byte, 1)); again != err {
			w.Error("then", again)
		}
		ranges := []fileio.Range{{Off: 0, Len: 10}, {Off: bad - 100, Len: 50}, {Off: bad - 10, Len: 100}, {Off: bad + 1000, Len: 10}}
		b, err := f.NewBulk(ranges, fileio.BulkConfig{})
		if err != nil {
			w.Fatal(err)
		}
		defer b.Close()
		for i, r := range ranges {
			got, err := b.Next(w.ctx)
			if i == 2 {
				wantPath(w, err, "read", w.path("f"), syscall.EIO)
			} else if err != nil || !bytes.Equal(got, want[r.Off:int(r.Off)+r.Len]) {
				w.Errorf("range %d: %v", i, err)
			}
		}
	})
}

// A merged read is one read.
func TestBulkMerges(t *testing.T) {
	onFaulty(t, func(w *world, faults *faulty) {
		f := w.create("f", pattern(100_000))
		var ranges []fileio.Range
		for i := range 100 {
			ranges = append(ranges, fileio.Range{Off: int64(i * 200), Len: 100})
		}
		for _, c := range []struct {
			cfg  fileio.BulkConfig
			want int64
		}{
			{fileio.BulkConfig{}, 100},
			{fileio.BulkConfig{MaxGap: 99}, 100},
			{fileio.BulkConfig{MaxGap: 100}, 1},
			{fileio.BulkConfig{MaxGap: 100, MaxMerged: 1900}, 10},
			{fileio.BulkConfig{MaxGap: 1000, MaxMerged: 50}, 100},
		} {
			b, err := f.NewBulk(ranges, c.cfg)
			if err != nil {
				w.Fatal(err)
			}
			before := faults.count.Load()
			for range ranges {
				if got, err := b.Next(w.ctx); len(got) != 100 || err != nil {
					w.Fatal(len(got), err)
				}
			}
			if got := faults.count.Load() - before; got != c.want {
				w.Errorf("%+v: %d reads, want %d", c.cfg, got, c.want)
			}
			b.Close()
		}
	})
}
