package aof

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"testing"
)

// FuzzReader reads arbitrary bytes. Whatever they are, the Reader ends without a
// panic, asks for no more than there is, and what it accepts are bytes that
// Batch.Seal writes; a tail that it calls torn, cut off, leaves the same batches
// and a clean end.
func FuzzReader(f *testing.F) {
	log := newFile(Log, 3)
	log.write(false, "SET k v", "DEL k")
	log.sync()
	log.write(false)
	log.write(false, "INCR n")
	f.Add(log.bytes, true)
	f.Add(log.bytes[:len(log.bytes)-3], false)
	f.Add(bytes.Replace(log.bytes, []byte("SET"), []byte("GET"), 1), true)
	base := newFile(Base, 3)
	base.write(false, "SET k v")
	base.write(true)
	f.Add(base.bytes, true)
	f.Add(base.bytes[:HeaderSize], false)
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		if repair { // else hardly anything gets past the checksums
			b = repaired(b)
		}
		src := &bounded{bytes.NewReader(b), len(b)}
		r, err := NewReader(src, int64(len(b)), 0)
		if err != nil {
			return
		}
		batches := 0
		for {
			var again Batch
			from := r.Offset()
			err = r.Next(func(db int, args [][]byte) error {
				again.Append(db, args)
				return nil
			})
			if err != nil {
				break
			}
			batches++
			frame, ok := parseFrame(b[from:], r.seed)
			if !ok {
				t.Fatal("accepted a batch whose header is damaged")
			}
			// Varints may be longer than need be, so equal bytes are demanded
			// only of what has the length that Append gives it.
			if sealed := again.Seal(r.Header, frame.seq, int64(frame.durable), frame.end); uint64(again.Len()) == frame.length && frame.length > 0 {
				if !bytes.Equal(sealed[FrameSize:], b[from+FrameSize:r.Offset()]) {
					t.Fatalf("accepted %q, which is written as %q", b[from:r.Offset()], sealed)
				}
			}
		}
		var d *Damage
		if err == io.EOF || !errors.As(err, &d) || !d.Torn {
			return
		}
		content, _, err := read(b[:d.Offset], 0)
		if err != io.EOF || len(content) != batches {
			t.Fatalf("cut at %d: %d batches instead of %d, %v", d.Offset, len(content), batches, err)
		}
	})
}

// repaired makes the checksums right, as far as frames can be made out.
func repaired(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) < HeaderSize {
		return b
	}
	binary.LittleEndian.PutUint32(b[HeaderSize-4:], crc32.Checksum(b[:HeaderSize-4], castagnoli))
	h, err := ParseHeader(b)
	if err != nil {
		return b
	}
	for rest := b[HeaderSize:]; len(rest) >= FrameSize; {
		length := binary.LittleEndian.Uint64(rest[8:])
		if length > uint64(len(rest)-FrameSize) {
			break
		}
		binary.LittleEndian.PutUint32(rest[32:], crc32.Update(h.seed(), castagnoli, rest[FrameSize:FrameSize+length]))
		binary.LittleEndian.PutUint32(rest[36:], crc32.Update(h.seed(), castagnoli, rest[:36]))
		rest = rest[FrameSize+length:]
	}
	return b
}

// bounded fails a read that reaches beyond the end.
type bounded struct {
	*bytes.Reader
	size int
}

func (r *bounded) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(r.size) {
		panic("a read beyond the end")
	}
	return r.Reader.ReadAt(p, off)
}
