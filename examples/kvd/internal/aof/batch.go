package aof

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// FrameSize is the length of a batch without commands in a file.
const FrameSize = 40

const frameMagic = "kvdB"

// The flags of a batch.
const flagEnd = 1 << 0

// A Batch collects commands and becomes the bytes of a batch in a file. The
// zero Batch is empty.
type Batch struct {
	buf []byte // room for the header, then the payload
}

// Append adds a command of a database.
func (b *Batch) Append(db int, args [][]byte) {
	b.room()
	b.buf = binary.AppendUvarint(b.buf, uint64(db))
	b.buf = binary.AppendUvarint(b.buf, uint64(len(args)))
	for _, arg := range args {
		b.buf = binary.AppendUvarint(b.buf, uint64(len(arg)))
		b.buf = append(b.buf, arg...)
	}
}

func (b *Batch) room() {
	if len(b.buf) == 0 {
		b.buf = append(b.buf, make([]byte, FrameSize)...)
	}
}

// Len returns the bytes of the commands in b.
func (b *Batch) Len() int { return max(0, len(b.buf)-FrameSize) }

// Seal returns b as the bytes to write into a file with that header: the seq-th
// batch of all, written when the file was durable up to an offset. end closes a
// base. The bytes are b's memory and valid until its next change.
func (b *Batch) Seal(h Header, seq uint64, durable int64, end bool) []byte {
	b.room()
	f := b.buf
	copy(f, frameMagic)
	var flags uint32
	if end {
		flags = flagEnd
	}
	payload, seed := f[FrameSize:], h.seed()
	binary.LittleEndian.PutUint32(f[4:], flags)
	binary.LittleEndian.PutUint64(f[8:], uint64(len(payload)))
	binary.LittleEndian.PutUint64(f[16:], seq)
	binary.LittleEndian.PutUint64(f[24:], uint64(durable))
	binary.LittleEndian.PutUint32(f[32:], crc32.Update(seed, castagnoli, payload))
	binary.LittleEndian.PutUint32(f[36:], crc32.Update(seed, castagnoli, f[:36]))
	return f
}

// Reset empties b, whose memory is used again unless it is larger than keep.
func (b *Batch) Reset(keep int) {
	if cap(b.buf) > keep {
		b.buf = nil
	}
	b.buf = b.buf[:0]
}

// A frame is the header of a batch.
type frame struct {
	end     bool
	length  uint64 // of the payload
	seq     uint64
	durable uint64
	crc     uint32 // of the payload
}

// parseFrame reads a batch's header and reports whether its checksum is right.
func parseFrame(b []byte, seed uint32) (f frame, ok bool) {
	if len(b) < FrameSize || string(b[:len(frameMagic)]) != frameMagic ||
		binary.LittleEndian.Uint32(b[36:]) != crc32.Update(seed, castagnoli, b[:36]) {
		return frame{}, false
	}
	return frame{
		end:     binary.LittleEndian.Uint32(b[4:])&flagEnd != 0,
		length:  binary.LittleEndian.Uint64(b[8:]),
		seq:     binary.LittleEndian.Uint64(b[16:]),
		durable: binary.LittleEndian.Uint64(b[24:]),
		crc:     binary.LittleEndian.Uint32(b[32:]),
	}, true
}

var errPayload = errors.New("the checksum of a batch is right, but not what is in it: a bug of the kvd that wrote it")

// commands calls apply with each command of a payload. args is memory for the
// arguments, returned for the next time.
func commands(payload []byte, args [][]byte, apply func(db int, args [][]byte) error) ([][]byte, error) {
	for len(payload) > 0 {
		db, rest, ok := number(payload)
		if !ok || db > 1<<20 {
			return args, errPayload
		}
		n, rest, ok := number(rest)
		if !ok || n > uint64(len(rest)) { // an argument takes a byte at least
			return args, errPayload
		}
		args = args[:0]
		for range n {
			var size uint64
			size, rest, ok = number(rest)
			if !ok || size > uint64(len(rest)) {
				return args, errPayload
			}
			args = append(args, rest[:size:size])
			rest = rest[size:]
		}
		if err := apply(int(db), args); err != nil {
			return args, err
		}
		payload = rest
	}
	return args, nil
}

func number(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
