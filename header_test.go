package rouse

import (
	"testing"
	"unsafe"
)

// The cells rely on the layout of interface values: type word, then data word.
func TestInterfaceLayout(t *testing.T) {
	a, b := new(cell[int]), new(cell[int])
	other := new(cell[string])
	if itabOf(a) != itabOf(b) {
		t.Error("two cells of one type have different first words")
	}
	if itabOf(a) == itabOf(other) {
		t.Error("cells of two types share their first word")
	}
	if itabOf((*cell[int])(nil)) != itabOf(a) {
		t.Error("the first word depends on the value")
	}
	a.itab = itabOf(a)
	a.out = 42
	back, ok := a.header.ops().(*cell[int])
	if !ok || back != a || back.out != 42 {
		t.Errorf("rebuilt %T %p, want %p", back, back, a)
	}
	if unsafe.Offsetof(a.header) != 0 || uintptr(unsafe.Pointer(&a.header)) != uintptr(unsafe.Pointer(a)) {
		t.Error("the header does not stand first")
	}
}

// Memory is a promise: 88 bytes of header, and 104 with a result's error.
func TestHeaderSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("sizes are those of 64-bit processors")
	}
	if got := unsafe.Sizeof(header{}); got > 88 {
		t.Errorf("header of %d bytes, want at most 88", got)
	}
	if got := unsafe.Sizeof(slot[struct{}]{}); got > 104 {
		t.Errorf("slot of %d bytes, want at most 104", got)
	}
}
