package rouse

import (
	"reflect"
	"sync"
	"testing"
)

// plain has the one method that must be there.
type plain struct{ byRef int }

func (p *plain) WakeByRef() { p.byRef++ }

// other is another type of the same shape.
type other struct{ byRef int }

func (o *other) WakeByRef() { o.byRef++ }

// withClone and the others add one optional method each.
type withClone struct {
	plain
	clones int
}

func (w *withClone) Clone() { w.clones++ }

type withDrop struct {
	plain
	drops int
}

func (w *withDrop) Drop() { w.drops++ }

type withWake struct {
	plain
	wakes int
}

func (w *withWake) Wake() { w.wakes++ }

type withAll struct {
	plain
	clones, drops, wakes int
}

func (w *withAll) Clone() { w.clones++ }
func (w *withAll) Drop()  { w.drops++ }
func (w *withAll) Wake()  { w.wakes++ }

func TestWakeableOptionalMethods(t *testing.T) {
	// Each is cloned twice, woken by reference once, woken once, dropped once.
	exercise := func(w Waker) {
		a, b := w.Clone(), w.Clone()
		w.WakeByRef()
		a.Wake()
		b.Drop()
	}
	tests := []struct {
		w    Wakeable
		want Wakeable
	}{
		{&plain{}, &plain{byRef: 2}},
		{&withClone{}, &withClone{plain{byRef: 2}, 2}},
		{&withDrop{}, &withDrop{plain{byRef: 2}, 2}}, // Wake is WakeByRef and Drop
		{&withWake{}, &withWake{plain{byRef: 1}, 1}}, // Wake in place of WakeByRef
		{&withAll{}, &withAll{plain{byRef: 1}, 2, 1, 1}},
	}
	for _, test := range tests {
		exercise(NewWaker(test.w))
		if !reflect.DeepEqual(test.w, test.want) {
			t.Errorf("%T: %+v, want %+v", test.w, test.w, test.want)
		}
	}
}

func TestWakeableOneTableAType(t *testing.T) {
	a, b := new(plain), new(plain)
	if NewWaker(a).VTable() != NewWaker(b).VTable() {
		t.Error("two objects of one type have two tables")
	}
	if NewWaker(a).VTable() == NewWaker(new(other)).VTable() {
		t.Error("two types have one table")
	}
	if !NewWaker(a).WillWake(NewWaker(a)) {
		t.Error("two wakers of one object don't wake the same")
	}
	if NewWaker(a).WillWake(NewWaker(b)) {
		t.Error("wakers of two objects wake the same")
	}
}

// The first waker of a type may be made by many goroutines at once.
func TestWakeableOneTableATypeAtOnce(t *testing.T) {
	type fresh struct{ withAll }
	const n = 16
	tables := make([]*RawWakerVTable, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { tables[i] = NewWaker(new(fresh)).VTable() })
	}
	wg.Wait()
	for _, v := range tables {
		if v != tables[0] {
			t.Fatal("one type has two tables")
		}
	}
}

type (
	byFunc func()
	byChan chan struct{}
	byMap  map[string]int

	byValue  struct{ _ *int }
	byNumber int
	bySlice  []int
)

func (f byFunc) WakeByRef()  { f() }
func (c byChan) WakeByRef()  { c <- struct{}{} }
func (m byMap) WakeByRef()   { m["wakes"]++ }
func (v byValue) WakeByRef() {}
func (byNumber) WakeByRef()  {}
func (v bySlice) WakeByRef() {}

func TestWakeableOfPointerLikeKinds(t *testing.T) {
	n := 0
	f := byFunc(func() { n++ })
	NewWaker(f).Wake()
	if n != 1 {
		t.Errorf("func: %d wakes", n)
	}
	c := make(byChan, 1)
	NewWaker(c).Wake()
	if len(c) != 1 {
		t.Errorf("chan: %d wakes", len(c))
	}
	m := byMap{}
	w := NewWaker(m)
	w.Wake()
	if m["wakes"] != 1 || !w.WillWake(NewWaker(m)) || w.WillWake(NewWaker(byMap{})) {
		t.Errorf("map: %d wakes", m["wakes"])
	}
}

func TestWakeableThatIsNoPointerPanics(t *testing.T) {
	tests := []struct {
		w    Wakeable
		name string
	}{
		{byValue{}, "rouse.byValue"}, // pointer-shaped, but a copy all the same
		{byNumber(1), "rouse.byNumber"},
		{bySlice{}, "rouse.bySlice"},
	}
	for _, test := range tests {
		wantPanic(t, "rouse: NewWaker of "+test.name+", which is not a pointer; pass its address", func() { NewWaker(test.w) })
	}
	wantPanic(t, "rouse: NewWaker of nil; the zero Waker is the one that wakes nothing", func() { NewWaker(nil) })
}

func TestWakeableAllocatesOncePerType(t *testing.T) {
	p := new(plain)
	NewWaker(p)
	if n := testing.AllocsPerRun(100, func() {
		w := NewWaker(p)
		w.Clone().Wake()
		w.Drop()
	}); n != 0 {
		t.Errorf("%v allocations for a waker of a known type", n)
	}
}
