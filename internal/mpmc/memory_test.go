package mpmc

import (
	"runtime"
	"testing"
	"unsafe"
	"weak"
)

func TestNoAllocations(t *testing.T) {
	r := NewRing[[4]int](8)
	if n := testing.AllocsPerRun(1000, func() {
		for i := range 10 { // two find it full
			r.Push([4]int{i})
		}
		for range 10 {
			r.Pop()
		}
	}); n != 0 {
		t.Errorf("ring: %v allocations", n)
	}
	q := NewQueue[[4]int](firstCap)
	round := func() {
		for i := range 3 * firstCap {
			q.Push([4]int{i})
		}
		for range 3*firstCap + 1 {
			q.Pop()
		}
	}
	round() // grows
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("queue: %v allocations", n)
	}
}

// What was taken is the collector's, though its slot is still there.
func TestKeepsNothing(t *testing.T) {
	r := NewRing[*[64]int](4)
	q := NewQueue[*[64]int](firstCap)
	var gone []weak.Pointer[[64]int]
	for range 4 {
		a, b := new([64]int), new([64]int)
		gone = append(gone, weak.Make(a), weak.Make(b))
		r.Push(a)
		q.Push(b)
	}
	for range 4 {
		r.Pop()
		q.Pop()
	}
	runtime.GC()
	for i, w := range gone {
		if w.Value() != nil {
			t.Errorf("element %d is kept", i)
		}
	}
	runtime.KeepAlive(r)
	runtime.KeepAlive(q)
}

// Producers and consumers write to different cache lines, and to none that is
// only read.
func TestLayout(t *testing.T) {
	var r Ring[int]
	var q Queue[int]
	for _, gap := range []struct {
		name string
		n    uintptr
	}{
		{"tail after head", unsafe.Offsetof(r.tail) - unsafe.Offsetof(r.head)},
		{"slots after tail", unsafe.Offsetof(r.slots) - unsafe.Offsetof(r.tail)},
		{"end after slots", unsafe.Sizeof(r) - unsafe.Offsetof(r.slots)},
		{"queue: tail after head", unsafe.Offsetof(q.tail) - unsafe.Offsetof(q.head)},
		{"queue: end after tail", unsafe.Sizeof(q) - unsafe.Offsetof(q.tail)},
	} {
		if gap.n < 128 {
			t.Errorf("%s: %d bytes", gap.name, gap.n)
		}
	}
}
