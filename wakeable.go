package rouse

import (
	"reflect"
	"sync"
	"unsafe"
)

// A Wakeable is anything that can be woken; [NewWaker] turns it into a Waker.
// WakeByRef may be called from any goroutine, at any time, any number of times;
// it must not block.
//
// Three more methods are optional. A type with Wake() has it called by
// [Waker.Wake] in place of WakeByRef and Drop. A type with Clone() is told of
// each further handle and one with Drop() of each that is given up, for those
// that keep count.
type Wakeable interface {
	WakeByRef()
}

// tables holds the vtable of each Wakeable type, by itab: one table a type, so
// that WillWake holds for every waker of one object.
var tables sync.Map // uintptr → *RawWakerVTable

// NewWaker makes a Waker of w, which must be of a pointer-like type (pointer,
// func, map, chan): the waker's data is that pointer, so two wakers of one
// object wake the same. The first waker of each type costs an allocation, the
// others a look-up of about 10 ns.
func NewWaker(w Wakeable) Waker {
	if w == nil {
		panic("rouse: NewWaker of nil; the zero Waker is the one that wakes nothing")
	}
	switch reflect.TypeOf(w).Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.UnsafePointer:
	default:
		panic("rouse: NewWaker of " + typeName(w) + ", which is not a pointer; pass its address")
	}
	i := *(*iface)(unsafe.Pointer(&w))
	table, ok := tables.Load(i.itab)
	if !ok {
		table, _ = tables.LoadOrStore(i.itab, deriveTable(w, i.itab))
	}
	return Waker{i.data, table.(*RawWakerVTable)}
}

// deriveTable builds the four functions of w's type.
func deriveTable(w Wakeable, itab uintptr) *RawWakerVTable {
	of := func(data unsafe.Pointer) Wakeable {
		i := iface{itab, data}
		return *(*Wakeable)(unsafe.Pointer(&i))
	}
	t := new(RawWakerVTable)
	t.WakeByRef = func(data unsafe.Pointer) { of(data).WakeByRef() }

	t.Clone = func(data unsafe.Pointer) RawWaker { return RawWaker{data, t} }
	if _, ok := w.(interface{ Clone() }); ok {
		t.Clone = func(data unsafe.Pointer) RawWaker {
			of(data).(interface{ Clone() }).Clone()
			return RawWaker{data, t}
		}
	}

	t.Drop = func(unsafe.Pointer) {}
	if _, ok := w.(interface{ Drop() }); ok {
		t.Drop = func(data unsafe.Pointer) { of(data).(interface{ Drop() }).Drop() }
	}

	t.Wake = func(data unsafe.Pointer) {
		t.WakeByRef(data)
		t.Drop(data)
	}
	if _, ok := w.(interface{ Wake() }); ok {
		t.Wake = func(data unsafe.Pointer) { of(data).(interface{ Wake() }).Wake() }
	}
	return t
}

// typeName names v's type for a message.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
