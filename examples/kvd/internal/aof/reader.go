package aof

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
)

// A Reader reads the batches of a file in order. It reads ahead, in pieces of a
// megabyte, and keeps one batch in memory.
type Reader struct {
	Header Header

	src    io.ReaderAt
	size   int64
	seed   uint32
	window []byte // the bytes from base on
	base   int64
	off    int64 // of the next batch
	sure   int64 // the file is known to be durable up to here
	next   uint64
	ended  bool
	args   [][]byte
}

const (
	readAhead = 1 << 20
	keepArgs  = 4096
)

// NewReader reads the header of a file of size bytes, whose first batch must
// have the sequence number first; 0 means any. It fails with ErrHeader, or with
// an error of src.
func NewReader(src io.ReaderAt, size int64, first uint64) (*Reader, error) {
	r := &Reader{src: src, size: size, next: first}
	head, err := r.at(0, min(HeaderSize, size))
	if err != nil {
		return nil, err
	}
	if r.Header, err = ParseHeader(head); err != nil {
		return nil, err
	}
	r.seed = r.Header.seed()
	r.off, r.sure = HeaderSize, HeaderSize
	return r, nil
}

// Offset returns where the next batch starts: everything before is whole.
func (r *Reader) Offset() int64 { return r.off }

// Durable returns up to where the batches read so far show that the file is
// durable.
func (r *Reader) Durable() int64 { return r.sure }

// Seq returns the sequence number that the next batch must have; 0 if any will
// do, since none was read yet.
func (r *Reader) Seq() uint64 { return r.next }

// Next reads a batch and calls apply with each of its commands, whose arguments
// are valid during the call. Before the first call the whole batch was found to
// be whole. It returns io.EOF at the end of the file, a *Damage where no batch
// is though the file goes on, and otherwise errors of src and of apply.
func (r *Reader) Next(apply func(db int, args [][]byte) error) error {
	f, payload, reason, err := r.read()
	switch {
	case err != nil:
		return err
	case reason != "":
		return r.damage(reason)
	case r.next != 0 && f.seq != r.next: // no power failure does that
		return &Damage{Offset: r.off, Reason: fmt.Sprintf("batch %d is where batch %d should be", f.seq, r.next), Why: "it is whole"}
	}
	if r.args, err = commands(payload, r.args, apply); err != nil {
		return err
	}
	if cap(r.args) > keepArgs {
		r.args = nil
	}
	r.off += FrameSize + int64(f.length)
	r.next = f.seq + 1
	r.sure = max(r.sure, int64(f.durable))
	r.ended = f.end
	return nil
}

// read returns the batch at r.off, or the reason why there is none.
func (r *Reader) read() (f frame, payload []byte, reason string, err error) {
	left := r.size - r.off
	switch {
	case left == 0 && r.Header.Kind == Base && !r.ended:
		return f, nil, "its end is missing", nil
	case left == 0:
		return f, nil, "", io.EOF
	case r.ended:
		return f, nil, "it goes on behind its end", nil
	}
	head, err := r.at(r.off, min(FrameSize, left))
	if err != nil {
		return f, nil, "", err
	}
	f, ok := parseFrame(head, r.seed)
	switch {
	case !ok:
		return f, nil, "the header of a batch is damaged", nil
	case f.durable > uint64(r.off):
		return f, nil, fmt.Sprintf("batch %d says what it can't know", f.seq), nil
	case f.length > uint64(left-FrameSize):
		return f, nil, fmt.Sprintf("batch %d is cut off", f.seq), nil
	}
	if payload, err = r.at(r.off+FrameSize, int64(f.length)); err != nil {
		return f, nil, "", err
	}
	if crc32.Update(r.seed, castagnoli, payload) != f.crc {
		return f, nil, fmt.Sprintf("the commands of batch %d are damaged", f.seq), nil
	}
	return f, payload, "", nil
}

// at returns n bytes from an offset on, valid until its next call.
func (r *Reader) at(off, n int64) ([]byte, error) {
	if skip := off - r.base; skip >= 0 && skip+n <= int64(len(r.window)) {
		return r.window[skip : skip+n], nil
	}
	size := min(max(n, readAhead), r.size-off)
	if int64(cap(r.window)) < size || cap(r.window) > 4*readAhead && size <= readAhead {
		r.window = make([]byte, size)
	}
	r.window = r.window[:size]
	r.base = off
	if got, err := r.src.ReadAt(r.window, off); int64(got) < size {
		r.window = r.window[:0]
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return r.window[:n], nil
}

// ahead returns the bytes from an offset on: those that are read already, if a
// whole frame is among them.
func (r *Reader) ahead(off int64) ([]byte, error) {
	end := r.base + int64(len(r.window))
	if off >= r.base && (end-off >= FrameSize || end == r.size) {
		return r.window[off-r.base:], nil
	}
	return r.at(off, min(readAhead, r.size-off))
}

// Damage is what Next found instead of a batch.
type Damage struct {
	Offset int64  // everything before is whole
	Reason string // what is wrong there
	Torn   bool   // nothing shows that it was ever durable
	Why    string // if it is not: how that is known
}

func (d *Damage) Error() string {
	if d.Torn {
		return fmt.Sprintf("torn tail at offset %d: %s", d.Offset, d.Reason)
	}
	return fmt.Sprintf("corrupt at offset %d: %s, and %s", d.Offset, d.Reason, d.Why)
}

// damage looks behind r.off for a batch that says that the place was durable.
func (r *Reader) damage(reason string) error {
	d := &Damage{Offset: r.off, Reason: reason, Torn: r.Header.Kind == Log}
	if !d.Torn {
		d.Why = "the file was complete when it got its name"
		return d
	}
	for off := r.off; off < r.size; {
		piece, err := r.ahead(off)
		if err != nil {
			return err
		}
		i := bytes.Index(piece, []byte(frameMagic))
		if i < 0 { // one may begin in the last bytes
			off += max(1, int64(len(piece)-len(frameMagic)+1))
			continue
		}
		off += int64(i)
		head, err := r.at(off, min(FrameSize, r.size-off))
		if err != nil {
			return err
		}
		if f, ok := parseFrame(head, r.seed); ok && f.durable > uint64(d.Offset) && f.durable <= uint64(off) {
			d.Torn, d.Why = false, fmt.Sprintf("the batch at offset %d says that this was durable", off)
			return d
		}
		off++
	}
	return d
}
