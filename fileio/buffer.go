package fileio

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Alignment is what direct I/O wants of addresses, offsets and lengths, in
// bytes: a page, which is a multiple of what the disks in use want.
const Alignment = 4096

// A Buffer is memory for reads and writes, from a pool, whose address is good
// for direct I/O. It is what the poll forms work on: a [Transfer] has the Buffer
// from its first poll to its result, since the kernel may use it all that time,
// and meanwhile [Buffer.Bytes] panics. If the Transfer is dropped, the Buffer
// stays out of reach until the kernel is done with it, and then goes back to
// the pool by itself: do not use a Buffer whose Transfer you have dropped.
//
// A Buffer is used by one goroutine at a time. The zero Buffer is an empty one.
type Buffer struct {
	mem   []byte // aligned
	n     int
	whose ownership
}

// ownership says whose a Buffer is.
type ownership uint8

const (
	callers ownership = iota
	taken             // by a Transfer
	freed
)

// pools holds Buffers of Alignment << i bytes.
var pools [11]sync.Pool // up to 4 MiB; what is larger goes to the collector

// class returns the index of the pool for n bytes; it may be beyond the last.
func class(n int) int {
	return bits.Len(uint(max(n, 1)-1) / Alignment)
}

// NewBuffer returns a Buffer of n bytes, whatever they are. From any goroutine.
// It allocates only if the pool has none.
func NewBuffer(n int) *Buffer {
	if n < 0 {
		panic("rouse: fileio: NewBuffer of a negative length")
	}
	c := class(n)
	if c < len(pools) {
		if b, ok := pools[c].Get().(*Buffer); ok {
			b.n, b.whose = n, callers
			return b
		}
	}
	return &Buffer{mem: aligned(c, n), n: n}
}

// aligned returns new memory for n bytes, of class c.
func aligned(c, n int) []byte {
	size := alignUp(n)
	if c < len(pools) {
		size = Alignment << c
	}
	mem := make([]byte, size)
	if isAligned(mem) { // Go's own classes are, mostly
		return mem
	}
	mem = make([]byte, size+Alignment)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))) & (Alignment - 1)
	return mem[skip : skip+size : skip+size]
}

// isAligned reports whether the address of p is good for direct I/O.
func isAligned(p []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(p)))&(Alignment-1) == 0
}

func alignUp(n int) int { return (n + Alignment - 1) &^ (Alignment - 1) }

// Bytes returns the content, which is the caller's to change until the Buffer is
// given to a Transfer or freed.
func (b *Buffer) Bytes() []byte {
	b.mustBeOurs()
	return b.mem[:b.n]
}

// Len returns the number of bytes.
func (b *Buffer) Len() int { return b.n }

// Cap returns how many bytes there is room for.
func (b *Buffer) Cap() int { return len(b.mem) }

// SetLen makes the Buffer n bytes long, at most Cap; the bytes stay.
func (b *Buffer) SetLen(n int) {
	b.mustBeOurs()
	if n < 0 || n > len(b.mem) {
		panic("rouse: fileio: SetLen beyond the Buffer's Cap; make a larger one with NewBuffer, or use Append")
	}
	b.n = n
}

// Append adds p at the end. If there is no room, the Buffer gets other memory,
// and slices that Bytes returned before are of the old one.
func (b *Buffer) Append(p []byte) {
	b.mustBeOurs()
	if b.n+len(p) > len(b.mem) {
		larger := NewBuffer(max(b.n+len(p), 2*len(b.mem)))
		copy(larger.mem, b.mem[:b.n])
		b.mem, larger.mem = larger.mem, b.mem
		larger.Free()
	}
	b.n += copy(b.mem[b.n:], p)
}

// Free gives the memory back to the pool; the Buffer and its bytes must not be
// used any more. Forgetting it costs an allocation later, nothing else.
func (b *Buffer) Free() {
	b.mustBeOurs()
	b.whose = freed
	c := class(len(b.mem))
	if c < len(pools) && len(b.mem) == Alignment<<c {
		pools[c].Put(b)
	}
}

func (b *Buffer) mustBeOurs() {
	switch b.whose {
	case taken:
		panic("rouse: fileio: a Buffer was used while a Transfer has it; wait for the Transfer's result, and do not use a Buffer whose Transfer was dropped")
	case freed:
		panic("rouse: fileio: a Buffer was used after Free; get another one with NewBuffer")
	}
}
