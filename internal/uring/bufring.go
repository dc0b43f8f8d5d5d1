//go:build linux

package uring

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
)

// A BufRing is a queue of buffers that receives take from: one group of a
// ring. We add at the tail, the kernel takes from the head. The buffers live
// in mapped memory, outside Go's heap, in slabs that are added on demand.
type BufRing struct {
	ring    *Ring
	group   uint16
	size    int // bytes of a buffer
	entries []bufEntry
	mem     []byte // mapped: the entries
	mask    uint16
	tail    uint16 // ours, published by Publish
	first   uint16 // the buffer number in entry 0, see Publish
	slabs   [][]byte
}

// slabLen is how many buffers a slab has.
const slabLen = 64

// stagger is put between two buffers, so that their beginnings, which are all
// that short messages use, don't fall into the same few sets of the CPU's cache.
const stagger = 64

// NewBufRing registers a group for at most entries buffers of size bytes, a
// power of two up to 32768. It has no buffers yet: see Grow.
func (r *Ring) NewBufRing(group uint16, entries, size int) (*BufRing, error) {
	if entries < slabLen || entries > 1<<15 || entries&(entries-1) != 0 || size <= 0 {
		panic(fmt.Sprintf("rouse: uring: a buffer ring of %d entries of %d bytes; entries must be a power of two from %d to 32768", entries, size, slabLen))
	}
	mem, err := anonymous(entries * int(unsafe.Sizeof(bufEntry{})))
	if err != nil {
		return nil, err
	}
	b := &BufRing{
		ring: r, group: group, size: size, mem: mem, mask: uint16(entries - 1),
		entries: unsafe.Slice((*bufEntry)(unsafe.Pointer(&mem[0])), entries),
	}
	reg := &bufReg{ringAddr: address(unsafe.Pointer(&mem[0])), ringEntries: uint32(entries), bgid: group}
	if _, err := r.register(registerPbufRing, unsafe.Pointer(reg), 1); err != nil {
		unix.Munmap(mem)
		return nil, err
	}
	return b, nil
}

func anonymous(size int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	return b, os.NewSyscallError("mmap", err)
}

// Len returns how many buffers there are, with the kernel or with us.
func (b *BufRing) Len() int { return len(b.slabs) * slabLen }

// Cap returns how many buffers there can be.
func (b *BufRing) Cap() int { return len(b.entries) }

// Grow adds buffers until there are n, or the ring's capacity is reached.
func (b *BufRing) Grow(n int) error {
	for n = min(n, b.Cap()); b.Len() < n; {
		slab, err := anonymous(slabLen * (b.size + stagger))
		if err != nil {
			return err
		}
		next := b.Len()
		b.slabs = append(b.slabs, slab)
		for i := range slabLen {
			b.Give(uint16(next + i))
		}
	}
	b.Publish()
	return nil
}

// Bytes returns the memory of a buffer.
func (b *BufRing) Bytes(bid uint16) []byte {
	at := int(bid%slabLen) * (b.size + stagger)
	return b.slabs[bid/slabLen][at : at+b.size : at+b.size]
}

// Give puts a buffer that we had at the tail. The kernel sees it after Publish.
func (b *BufRing) Give(bid uint16) {
	e := &b.entries[b.tail&b.mask]
	e.addr, e.len = address(unsafe.Pointer(&b.Bytes(bid)[0])), uint32(b.size)
	if b.tail&b.mask == 0 {
		b.first = bid // written by Publish
	} else {
		e.bid = bid
	}
	b.tail++
}

// Publish shows the kernel what was given.
//
// The tail lies in the last two bytes of entry 0, behind that entry's buffer
// number. There is no 16-bit atomic, so both are stored as one word; the number
// is the one that entry 0 has or is about to have.
func (b *BufRing) Publish() {
	half := [2]uint16{b.first, b.tail}
	// Pairs with the kernel's acquire of the tail: the entries are written.
	(*atomics.Uint32)(unsafe.Pointer(&b.entries[0].bid)).Store(*(*uint32)(unsafe.Pointer(&half)))
}

// Close unregisters the group and frees the memory. No receive of the group may
// be in flight.
func (b *BufRing) Close() error {
	if b.mem == nil {
		return nil
	}
	reg := &bufReg{bgid: b.group}
	_, err := b.ring.register(unregisterPbufRing, unsafe.Pointer(reg), 1)
	b.Free()
	return err
}

// Free frees the memory of a group whose ring has been closed.
func (b *BufRing) Free() {
	for _, s := range b.slabs {
		unix.Munmap(s)
	}
	if b.mem != nil {
		unix.Munmap(b.mem)
	}
	b.mem, b.slabs, b.entries = nil, nil, nil
}
