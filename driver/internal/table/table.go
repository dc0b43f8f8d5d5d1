// Package table keeps what a driver knows of its descriptors.
package table

import (
	"iter"

	"github.com/rouse-go/rouse/driver"
)

const (
	chunkBits = 8
	chunkLen  = 1 << chunkBits
)

// inUse is the next of a cell that is not free.
const inUse = -1

type cell[T any] struct {
	gen  uint32
	next int32 // in a free cell: the index of the next one, plus 1; 0 ends
	val  T
}

// A Table holds values of T in chunks, so that growing moves nothing and a
// pointer to a value stays good. A value costs 8 bytes besides itself. The
// zero Table is empty.
//
// A Handle is index and generation. The generation changes when the place is
// freed, so that a stale Handle, or a stale event of the kernel, is recognised.
type Table[T any] struct {
	chunks []*[chunkLen]cell[T]
	first  int32 // free cell, plus 1; 0 means none
	used   uint32
}

func (t *Table[T]) cell(i uint32) *cell[T] { return &t.chunks[i>>chunkBits][i&(chunkLen-1)] }

// At returns the value at index i, which must be in use.
func (t *Table[T]) At(i uint32) *T { return &t.cell(i).val }

// Handle returns the Handle of index i, which must be in use.
func (t *Table[T]) Handle(i uint32) driver.Handle {
	return driver.Handle(i) | driver.Handle(t.cell(i).gen)<<32
}

// Get returns index and value of h, or nil if h is stale or was never given.
func (t *Table[T]) Get(h driver.Handle) (uint32, *T) {
	i := uint32(h)
	if i >= t.used {
		return 0, nil
	}
	c := t.cell(i)
	if c.gen != uint32(h>>32) || c.next != inUse {
		return 0, nil
	}
	return i, &c.val
}

// Add takes a place; its value is zero.
func (t *Table[T]) Add() (uint32, *T) {
	if t.first != 0 {
		i := uint32(t.first - 1)
		c := t.cell(i)
		t.first, c.next = c.next, inUse
		return i, &c.val
	}
	if t.used&(chunkLen-1) == 0 {
		t.chunks = append(t.chunks, new([chunkLen]cell[T]))
	}
	i := t.used
	t.used++
	c := t.cell(i)
	c.gen, c.next = 1, inUse
	return i, &c.val
}

// Free gives the place of index i back under a new generation. A place whose
// generations are used up is given up.
func (t *Table[T]) Free(i uint32) {
	c := t.cell(i)
	*c = cell[T]{gen: c.gen + 1}
	if c.gen != 0 {
		c.next = t.first
		t.first = int32(i) + 1
	}
}

// All yields what is in use. The body may free what it is given.
func (t *Table[T]) All() iter.Seq2[uint32, *T] {
	return func(yield func(uint32, *T) bool) {
		for i := range t.used {
			if c := t.cell(i); c.next == inUse && !yield(i, &c.val) {
				return
			}
		}
	}
}
