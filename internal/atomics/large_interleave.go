//go:build interleave

package atomics

import (
	"sync/atomic"
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Int64 is [atomic.Int64].
type Int64 struct{ v atomic.Int64 }

// Load is that of [atomic.Int64].
func (x *Int64) Load() int64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peek64(p)
	v := x.v.Load()
	a.End(before, peek64(p), true)
	return v
}

// Store is that of [atomic.Int64].
func (x *Int64) Store(val int64) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peek64(p)
	x.v.Store(val)
	a.End(before, peek64(p), true)
}

// Swap is that of [atomic.Int64].
func (x *Int64) Swap(val int64) int64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peek64(p)
	v := x.v.Swap(val)
	a.End(before, peek64(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Int64].
func (x *Int64) CompareAndSwap(old int64, val int64) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peek64(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peek64(p), v)
	return v
}

// Add is that of [atomic.Int64].
func (x *Int64) Add(delta int64) int64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Add, uintptr(p))
	before := peek64(p)
	v := x.v.Add(delta)
	a.End(before, peek64(p), true)
	return v
}

// And is that of [atomic.Int64].
func (x *Int64) And(mask int64) int64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.And, uintptr(p))
	before := peek64(p)
	v := x.v.And(mask)
	a.End(before, peek64(p), true)
	return v
}

// Or is that of [atomic.Int64].
func (x *Int64) Or(mask int64) int64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Or, uintptr(p))
	before := peek64(p)
	v := x.v.Or(mask)
	a.End(before, peek64(p), true)
	return v
}

// Uint64 is [atomic.Uint64].
type Uint64 struct{ v atomic.Uint64 }

// Load is that of [atomic.Uint64].
func (x *Uint64) Load() uint64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	if v, ok := a.Forwarded(); ok {
		return v // of a StoreRelease that only its thread sees yet
	}
	before := peek64(p)
	v := x.v.Load()
	a.End(before, peek64(p), true)
	return v
}

// Store is that of [atomic.Uint64].
func (x *Uint64) Store(val uint64) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peek64(p)
	x.v.Store(val)
	a.End(before, peek64(p), true)
}

// Swap is that of [atomic.Uint64].
func (x *Uint64) Swap(val uint64) uint64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peek64(p)
	v := x.v.Swap(val)
	a.End(before, peek64(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Uint64].
func (x *Uint64) CompareAndSwap(old uint64, val uint64) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peek64(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peek64(p), v)
	return v
}

// Add is that of [atomic.Uint64].
func (x *Uint64) Add(delta uint64) uint64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Add, uintptr(p))
	before := peek64(p)
	v := x.v.Add(delta)
	a.End(before, peek64(p), true)
	return v
}

// And is that of [atomic.Uint64].
func (x *Uint64) And(mask uint64) uint64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.And, uintptr(p))
	before := peek64(p)
	v := x.v.And(mask)
	a.End(before, peek64(p), true)
	return v
}

// Or is that of [atomic.Uint64].
func (x *Uint64) Or(mask uint64) uint64 {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Or, uintptr(p))
	before := peek64(p)
	v := x.v.Or(mask)
	a.End(before, peek64(p), true)
	return v
}

// Uintptr is [atomic.Uintptr].
type Uintptr struct{ v atomic.Uintptr }

// Load is that of [atomic.Uintptr].
func (x *Uintptr) Load() uintptr {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peekPtr(p)
	v := x.v.Load()
	a.End(before, peekPtr(p), true)
	return v
}

// Store is that of [atomic.Uintptr].
func (x *Uintptr) Store(val uintptr) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peekPtr(p)
	x.v.Store(val)
	a.End(before, peekPtr(p), true)
}

// Swap is that of [atomic.Uintptr].
func (x *Uintptr) Swap(val uintptr) uintptr {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peekPtr(p)
	v := x.v.Swap(val)
	a.End(before, peekPtr(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Uintptr].
func (x *Uintptr) CompareAndSwap(old uintptr, val uintptr) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peekPtr(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peekPtr(p), v)
	return v
}

// Add is that of [atomic.Uintptr].
func (x *Uintptr) Add(delta uintptr) uintptr {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Add, uintptr(p))
	before := peekPtr(p)
	v := x.v.Add(delta)
	a.End(before, peekPtr(p), true)
	return v
}

// And is that of [atomic.Uintptr].
func (x *Uintptr) And(mask uintptr) uintptr {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.And, uintptr(p))
	before := peekPtr(p)
	v := x.v.And(mask)
	a.End(before, peekPtr(p), true)
	return v
}

// Or is that of [atomic.Uintptr].
func (x *Uintptr) Or(mask uintptr) uintptr {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Or, uintptr(p))
	before := peekPtr(p)
	v := x.v.Or(mask)
	a.End(before, peekPtr(p), true)
	return v
}

// Pointer is [atomic.Pointer].
type Pointer[T any] struct{ v atomic.Pointer[T] }

// Load is that of [atomic.Pointer].
func (x *Pointer[T]) Load() *T {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Load, uintptr(p))
	before := peekPtr(p)
	v := x.v.Load()
	a.End(before, peekPtr(p), true)
	return v
}

// Store is that of [atomic.Pointer].
func (x *Pointer[T]) Store(val *T) {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Store, uintptr(p))
	before := peekPtr(p)
	x.v.Store(val)
	a.End(before, peekPtr(p), true)
}

// Swap is that of [atomic.Pointer].
func (x *Pointer[T]) Swap(val *T) *T {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.Swap, uintptr(p))
	before := peekPtr(p)
	v := x.v.Swap(val)
	a.End(before, peekPtr(p), true)
	return v
}

// CompareAndSwap is that of [atomic.Pointer].
func (x *Pointer[T]) CompareAndSwap(old *T, val *T) bool {
	p := unsafe.Pointer(x)
	a := interleave.Begin(interleave.CompareAndSwap, uintptr(p))
	before := peekPtr(p)
	v := x.v.CompareAndSwap(old, val)
	a.End(before, peekPtr(p), v)
	return v
}
