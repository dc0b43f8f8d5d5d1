package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A file is a log as a test writes it, with what is in it.
type file struct {
	header  Header
	bytes   []byte
	ends    []int64 // where each batch ends
	content []string
	seq     uint64
	durable int64
}

func newFile(kind Kind, salt uint64) *file {
	f := &file{header: Header{Kind: kind, Generation: 7, Next: 1, Salt: salt}, seq: 1}
	f.bytes = f.header.Append(nil)
	return f
}

// write appends a batch of commands, each a line.
func (f *file) write(end bool, lines ...string) {
	var b Batch
	for _, line := range lines {
		b.Append(3, words(line))
	}
	f.bytes = append(f.bytes, b.Seal(f.header, f.seq, f.durable, end)...)
	f.ends = append(f.ends, int64(len(f.bytes)))
	f.content = append(f.content, strings.Join(lines, "\n"))
	f.seq++
}

func words(line string) (args [][]byte) {
	for word := range strings.SplitSeq(line, " ") {
		args = append(args, []byte(word))
	}
	return args
}

func (f *file) sync() { f.durable = int64(len(f.bytes)) }

// read returns the batches of a file up to the error that ends it.
func read(b []byte, first uint64) (content []string, r *Reader, err error) {
	r, err = NewReader(bytes.NewReader(b), int64(len(b)), first)
	for err == nil {
		var lines []string
		err = r.Next(func(db int, args [][]byte) error {
			lines = append(lines, string(bytes.Join(args, []byte(" "))))
			return nil
		})
		if err == nil {
			content = append(content, strings.Join(lines, "\n"))
		}
	}
	return content, r, err
}

func TestReadWhatWasWritten(t *testing.T) {
	f := newFile(Log, 1)
	f.write(false, "SET k v", "DEL k")
	f.write(false)
	f.write(false, "SET large "+strings.Repeat("x", 3*readAhead))
	f.write(false, "SET k ")
	f.write(false, "MSET"+strings.Repeat(" k v", 10_000))
	for i := range 100 {
		f.write(false, fmt.Sprint("INCR ", i))
	}
	content, r, err := read(f.bytes, 1)
	if err != io.EOF || !slices.Equal(content, f.content) {
		t.Fatalf("%d of %d batches, %v", len(content), len(f.content), err)
	}
	if r.Header != f.header || r.Offset() != int64(len(f.bytes)) || r.Seq() != f.seq {
		t.Errorf("header %v, offset %d, next %d", r.Header, r.Offset(), r.Seq())
	}
}

func TestBatchMemory(t *testing.T) {
	var b Batch
	h := Header{Kind: Log, Salt: 5}
	args := words("SET key value")
	if b.Len() != 0 {
		t.Errorf("an empty batch has %d bytes", b.Len())
	}
	if n := testing.AllocsPerRun(100, func() {
		b.Append(0, args)
		b.Seal(h, 1, 64, false)
		b.Reset(1 << 20)
	}); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
	b.Append(0, [][]byte{make([]byte, 2<<20)})
	b.Reset(1 << 20)
	if cap(b.buf) != 0 {
		t.Errorf("%d bytes are kept", cap(b.buf))
	}
}

func TestHeaders(t *testing.T) {
	h := Header{Kind: Base, Generation: 3, Next: 1 << 40, Salt: 1<<63 + 5}
	b := h.Append([]byte("before"))[6:]
	if len(b) != HeaderSize {
		t.Fatalf("%d bytes", len(b))
	}
	if got, err := ParseHeader(b); got != h || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if _, err := ParseHeader(bad); !errors.Is(err, ErrHeader) {
			t.Errorf("with byte %d changed: %v", i, err)
		}
		if _, err := ParseHeader(b[:i]); !errors.Is(err, ErrHeader) {
			t.Errorf("of %d bytes: %v", i, err)
		}
	}
}

// Wherever a log is cut off, what is whole before is read, and the rest is a
// torn tail, if it is no end by itself.
func TestCutAnywhere(t *testing.T) {
	f := newFile(Log, 1)
	for i := range 5 {
		f.sync()
		f.write(false, fmt.Sprintf("SET k%d %s", i, strings.Repeat("v", i*20)))
	}
	for n := HeaderSize; n <= len(f.bytes); n++ {
		whole, end := 0, int64(HeaderSize)
		for _, e := range f.ends {
			if e <= int64(n) {
				whole, end = whole+1, e
			}
		}
		content, r, err := read(f.bytes[:n], 1)
		var d *Damage
		switch {
		case !slices.Equal(content, f.content[:whole]) || r.Offset() != end:
			t.Fatalf("cut at %d: %d batches to %d, want %d to %d", n, len(content), r.Offset(), whole, end)
		case end == int64(n) && err != io.EOF,
			end != int64(n) && (!errors.As(err, &d) || !d.Torn || d.Offset != end):
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

// A change of any bit that a later batch vouches for is corruption; of any
// other, a torn tail.
func TestChangeAnyBit(t *testing.T) {
	f := newFile(Log, 1)
	for i := range 4 {
		f.write(false, fmt.Sprintf("SET k%d v", i))
		if i == 1 {
			f.sync()
		}
	}
	f.write(false, "SET last one") // the first to know that batches 0 and 1 are durable is batch 2
	for i := HeaderSize; i < len(f.bytes); i++ {
		b := bytes.Clone(f.bytes)
		b[i] ^= 1 << (i % 8)
		content, r, err := read(b, 1)
		var d *Damage
		if !errors.As(err, &d) {
			t.Fatalf("with byte %d changed: %v", i, err)
		}
		at := slices.IndexFunc(f.ends, func(end int64) bool { return int64(i) < end })
		if len(content) != at || d.Offset != r.Offset() {
			t.Fatalf("with byte %d changed: %d batches are read, want %d", i, len(content), at)
		}
		if durable := at < 2; d.Torn == durable {
			t.Fatalf("with byte %d changed, in batch %d: %v", i, at, err)
		}
		if want := fmt.Sprintf("the batch at offset %d says that this was durable", f.ends[1]); !d.Torn && d.Why != want {
			t.Fatalf("%s; want %s", d.Why, want)
		}
	}
}

// Random logs, with syncs here and there, whose unsynced end is applied in
// random sectors: never corrupt, and nothing synced is missing.
func TestTornTails(t *testing.T) {
	torn := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		f := newFile(Log, seed)
		for range 1 + rng.IntN(12) {
			if rng.IntN(3) == 0 {
				f.sync()
			}
			var lines []string
			for range rng.IntN(4) {
				lines = append(lines, fmt.Sprintf("SET k%d %s", rng.IntN(100), strings.Repeat("v", rng.IntN(600))))
			}
			f.write(false, lines...)
		}
		f.durable = max(f.durable, HeaderSize)
		b := bytes.Clone(f.bytes[:f.durable])
		for at := f.durable; at < int64(len(f.bytes)); at = at/512*512 + 512 {
			if rng.IntN(2) == 0 {
				end := min(at/512*512+512, int64(len(f.bytes)))
				b = append(b, make([]byte, max(0, end-int64(len(b))))...)
				copy(b[at:end], f.bytes[at:end])
			}
		}
		content, _, err := read(b, 1)
		var d *Damage
		if errors.As(err, &d) {
			torn++
		}
		if err != io.EOF && (d == nil || !d.Torn) {
			t.Fatalf("seed %d: %v, durable to %d of %d", seed, err, f.durable, len(f.bytes))
		}
		if !slices.Equal(content, f.content[:len(content)]) {
			t.Fatalf("seed %d: %d batches are not those that were written", seed, len(content))
		}
		if synced := len(slices.DeleteFunc(slices.Clone(f.ends), func(e int64) bool { return e > f.durable })); len(content) < synced {
			t.Fatalf("seed %d: %d batches, but %d were synced", seed, len(content), synced)
		}
	}
	if torn < 500 {
		t.Errorf("only %d tails are torn", torn)
	}
}

// What a client stores as a value is not taken for a batch behind a torn one,
// though it is the bytes of another log.
func TestStoredLogIsNoWitness(t *testing.T) {
	other := newFile(Log, 2)
	for range 5 {
		other.write(false, "INCR n")
		other.sync()
	}
	f := newFile(Log, 1)
	f.write(false, "SET k "+strings.Repeat("v", 1000)+string(other.bytes)+"kvdBkvdB"+strings.Repeat("v", 3000))
	_, _, err := read(f.bytes[:len(f.bytes)-1], 1)
	var d *Damage
	if !errors.As(err, &d) || !d.Torn {
		t.Error(err)
	}
}

func TestMissingBatch(t *testing.T) {
	f := newFile(Log, 1)
	f.write(false, "INCR n")
	f.sync()
	kept := f.ends[0]
	f.write(false, "INCR n")
	f.write(false, "INCR n")
	gap := append(bytes.Clone(f.bytes[:kept]), f.bytes[f.ends[1]:]...)
	_, _, err := read(gap, 1)
	var d *Damage
	if !errors.As(err, &d) || d.Torn || d.Offset != kept || !strings.Contains(err.Error(), "batch 3 is where batch 2 should be") {
		t.Error(err)
	}
	if _, _, err := read(f.bytes, 2); !strings.Contains(err.Error(), "batch 1 is where batch 2 should be") {
		t.Error(err)
	}
}

// A base is whole, up to its closing batch and not further, or it is corrupt.
func TestBase(t *testing.T) {
	f := newFile(Base, 1)
	f.write(false, "SET a 1")
	f.write(false, "SET b 2")
	f.write(true)
	if content, _, err := read(f.bytes, 1); err != io.EOF || len(content) != 3 {
		t.Fatalf("%d batches, %v", len(content), err)
	}
	var d *Damage
	for n := HeaderSize; n < len(f.bytes); n++ {
		if _, _, err := read(f.bytes[:n], 1); !errors.As(err, &d) || d.Torn {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, _, err := read(append(f.bytes, 0), 1); !errors.As(err, &d) || d.Torn || !strings.Contains(err.Error(), "it goes on behind its end") {
		t.Error(err)
	}
}

// A source that fails is not a damage of the file.
func TestSourceFails(t *testing.T) {
	f := newFile(Log, 1)
	f.write(false, "SET a 1")
	r, err := NewReader(bytes.NewReader(f.bytes), int64(len(f.bytes))+10, 1)
	if err != io.ErrUnexpectedEOF {
		t.Fatalf("%v, %v", r, err)
	}
	failed := errors.New("no such sector")
	if _, err := NewReader(failing{failed}, 100, 1); err != failed {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
