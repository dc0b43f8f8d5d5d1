//go:build interleave

package atomics

import (
	"sync/atomic"
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Bool is [atomic.Bool].
type Bool struct{ v atomic.Bool }

// Load is that of [atomic.Bool].
func (x *Bool) Load() bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peek32(p)
	v := x.v.Load()
	a.End(before, peek32(p), true)
	return v
}

// Store is that of [atomic.Bool].
func (x *Bool) Store(val bool) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peek32(p)
	x.v.Store(val)
	a.End(before, peek32(p), true)
}

// Swap is that of [atomic.Bool].
func (x *Bool) Swap(val bool) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peek32(p)
	v := x.v.Swap(val)
	a.End(before, peek32(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Bool].
func (x *Bool) CompareAndSwap(old bool, val bool) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peek32(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peek32(p), v)
	return v
}

// Int32 is [atomic.Int32].
type Int32 struct{ v atomic.Int32 }

// Load is that of [atomic.Int32].
func (x *Int32) Load() int32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peek32(p)
	v := x.v.Load()
	a.End(before, peek32(p), true)
	return v
}

// Store is that of [atomic.Int32].
func (x *Int32) Store(val int32) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peek32(p)
	x.v.Store(val)
	a.End(before, peek32(p), true)
}

// Swap is that of [atomic.Int32].
func (x *Int32) Swap(val int32) int32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peek32(p)
	v := x.v.Swap(val)
	a.End(before, peek32(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Int32].
func (x *Int32) CompareAndSwap(old int32, val int32) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peek32(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peek32(p), v)
	return v
}

// Add is that of [atomic.Int32].
func (x *Int32) Add(delta int32) int32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Add, uintptr(p))
	before := peek32(p)
	v := x.v.Add(delta)
	a.End(before, peek32(p), true)
	return v
}

// And is that of [atomic.Int32].
func (x *Int32) And(mask int32) int32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.And, uintptr(p))
	before := peek32(p)
	v := x.v.And(mask)
	a.End(before, peek32(p), true)
	return v
}

// Or is that of [atomic.Int32].
func (x *Int32) Or(mask int32) int32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Or, uintptr(p))
	before := peek32(p)
	v := x.v.Or(mask)
	a.End(before, peek32(p), true)
	return v
}

// Uint32 is [atomic.Uint32].
type Uint32 struct{ v atomic.Uint32 }

// Load is that of [atomic.Uint32].
func (x *Uint32) Load() uint32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peek32(p)
	v := x.v.Load()
	a.End(before, peek32(p), true)
	return v
}

// Store is that of [atomic.Uint32].
func (x *Uint32) Store(val uint32) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peek32(p)
	x.v.Store(val)
	a.End(before, peek32(p), true)
}

// Swap is that of [atomic.Uint32].
func (x *Uint32) Swap(val uint32) uint32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peek32(p)
	v := x.v.Swap(val)
	a.End(before, peek32(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Uint32].
func (x *Uint32) CompareAndSwap(old uint32, val uint32) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peek32(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peek32(p), v)
	return v
}

// Add is that of [atomic.Uint32].
func (x *Uint32) Add(delta uint32) uint32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Add, uintptr(p))
	before := peek32(p)
	v := x.v.Add(delta)
	a.End(before, peek32(p), true)
	return v
}

// And is that of [atomic.Uint32].
func (x *Uint32) And(mask uint32) uint32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.And, uintptr(p))
	before := peek32(p)
	v := x.v.And(mask)
	a.End(before, peek32(p), true)
	return v
}

// Or is that of [atomic.Uint32].
func (x *Uint32) Or(mask uint32) uint32 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Or, uintptr(p))
	before := peek32(p)
	v := x.v.Or(mask)
	a.End(before, peek32(p), true)
	return v
}
