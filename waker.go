package rouse

import "unsafe"

// A RawWakerVTable says what a [Waker] does with its data pointer. All four
// functions must be set; all may be called from any goroutine, at any time,
// also after the thing behind data has ended, and must neither block nor
// allocate in the steady state.
type RawWakerVTable struct {
	// Clone makes one more handle of what data stands for.
	Clone func(data unsafe.Pointer) RawWaker
	// Wake wakes it and gives this handle up: WakeByRef and Drop in one.
	Wake func(data unsafe.Pointer)
	// WakeByRef wakes it and keeps this handle.
	WakeByRef func(data unsafe.Pointer)
	// Drop gives this handle up.
	Drop func(data unsafe.Pointer)
}

// A RawWaker is a type-erased handle of something that can be woken: a data
// pointer and the table of functions that know what it points to.
type RawWaker struct {
	Data   unsafe.Pointer
	VTable *RawWakerVTable
}

// A Waker tells an executor that a task is worth polling again.
//
// It is a small value; the zero Waker is a no-op. Go copies values freely, so
// nothing breaks if a copy is used twice or after its Drop: at worst one task
// is polled once for nothing. Clone and Drop keep count all the same, because
// an executor reuses the memory of a finished task only when no counted waker
// of it is left.
//
// All methods may be called from any goroutine, take no lock and allocate
// nothing. An interrupt handler can't run Go code at all; it rings a doorbell
// of the driver instead.
type Waker struct {
	data   unsafe.Pointer
	vtable *RawWakerVTable
}

// FromRaw makes a Waker of a RawWaker. It panics if the table lacks a function.
func FromRaw(raw RawWaker) Waker {
	if t := raw.VTable; t != nil && (t.Clone == nil || t.Wake == nil || t.WakeByRef == nil || t.Drop == nil) {
		panic("rouse: RawWakerVTable lacks a function; set Clone, Wake, WakeByRef and Drop")
	}
	return Waker{data: raw.Data, vtable: raw.VTable}
}

// Data returns the data pointer the Waker was made with.
func (w Waker) Data() unsafe.Pointer { return w.data }

// VTable returns the table the Waker was made with; nil for the zero Waker.
func (w Waker) VTable() *RawWakerVTable { return w.vtable }

// Clone returns one more handle; wake or drop it in the end.
func (w Waker) Clone() Waker {
	if w.vtable == nil {
		return w
	}
	raw := w.vtable.Clone(w.data)
	return Waker{data: raw.Data, vtable: raw.VTable}
}

// Wake wakes and gives up this handle. Everything the caller did before is
// visible to the poll that follows.
func (w Waker) Wake() {
	if w.vtable != nil {
		w.vtable.Wake(w.data)
	}
}

// WakeByRef wakes and keeps this handle. Everything the caller did before is
// visible to the poll that follows.
func (w Waker) WakeByRef() {
	if w.vtable != nil {
		w.vtable.WakeByRef(w.data)
	}
}

// Drop gives up this handle without waking.
func (w Waker) Drop() {
	if w.vtable != nil {
		w.vtable.Drop(w.data)
	}
}

// WillWake reports whether both wake the same thing, so that a future may keep
// the waker it has already stored. False does not mean that they differ.
func (w Waker) WillWake(other Waker) bool {
	return w.data == other.data && w.vtable == other.vtable
}

// IsZero reports whether w is the zero Waker, which wakes nothing.
func (w Waker) IsZero() bool { return w.vtable == nil }
