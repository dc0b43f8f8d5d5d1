package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
