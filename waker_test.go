package rouse

import (
	"testing"
	"unsafe"
)

// tally is a hand-made vtable that counts its calls by data pointer.
type tally struct{ clones, wakes, byRef, drops int }

var tallyTable RawWakerVTable

func init() {
	at := func(p unsafe.Pointer) *tally { return (*tally)(p) }
	tallyTable = RawWakerVTable{
		Clone:     func(p unsafe.Pointer) RawWaker { at(p).clones++; return RawWaker{p, &tallyTable} },
		Wake:      func(p unsafe.Pointer) { at(p).wakes++ },
		WakeByRef: func(p unsafe.Pointer) { at(p).byRef++ },
		Drop:      func(p unsafe.Pointer) { at(p).drops++ },
	}
}

func (c *tally) waker() Waker { return FromRaw(RawWaker{unsafe.Pointer(c), &tallyTable}) }

func TestWakerCallsItsTable(t *testing.T) {
	var c tally
	w := c.waker()
	if w.Data() != unsafe.Pointer(&c) || w.VTable() != &tallyTable || w.IsZero() {
		t.Errorf("Data %p, VTable %p, IsZero %v", w.Data(), w.VTable(), w.IsZero())
	}
	steps := []struct {
		name string
		do   func()
		want tally
	}{
		{"Clone", func() { w.Clone() }, tally{clones: 1}},
		{"WakeByRef", w.WakeByRef, tally{clones: 1, byRef: 1}},
		{"Wake", w.Wake, tally{clones: 1, byRef: 1, wakes: 1}},
		{"Drop", w.Drop, tally{clones: 1, byRef: 1, wakes: 1, drops: 1}},
	}
	for _, s := range steps {
		if s.do(); c != s.want {
			t.Errorf("after %s: %+v, want %+v", s.name, c, s.want)
		}
	}
	if got := w.Clone(); got != w {
		t.Errorf("the clone is %v, want %v", got, w)
	}
}

// A table may hand out clones with other data: Clone returns what it says.
func TestWakerCloneMayMove(t *testing.T) {
	var a, b tally
	table := tallyTable
	table.Clone = func(unsafe.Pointer) RawWaker { return RawWaker{unsafe.Pointer(&b), &tallyTable} }
	FromRaw(RawWaker{unsafe.Pointer(&a), &table}).Clone().Wake()
	if a.wakes != 0 || b.wakes != 1 {
		t.Errorf("a %+v, b %+v: the clone's own data was not used", a, b)
	}
}

func TestWakerFromRawRefusesAnIncompleteTable(t *testing.T) {
	complete := tallyTable
	for name, clear := range map[string]func(*RawWakerVTable){
		"Clone":     func(v *RawWakerVTable) { v.Clone = nil },
		"Wake":      func(v *RawWakerVTable) { v.Wake = nil },
		"WakeByRef": func(v *RawWakerVTable) { v.WakeByRef = nil },
		"Drop":      func(v *RawWakerVTable) { v.Drop = nil },
	} {
		t.Run(name, func(t *testing.T) {
			table := complete
			clear(&table)
			wantPanic(t, "rouse: RawWakerVTable lacks a function; set Clone, Wake, WakeByRef and Drop", func() {
				FromRaw(RawWaker{nil, &table})
			})
		})
	}
}

func TestConformance_027_ZeroWaker(t *testing.T) {
	var w Waker
	if !w.IsZero() || w.Data() != nil || w.VTable() != nil {
		t.Errorf("the zero Waker is %v", w)
	}
	w.Clone().Wake()
	w.WakeByRef()
	w.Drop()
	if !w.WillWake(Waker{}) || !FromRaw(RawWaker{}).IsZero() {
		t.Error("two zero Wakers differ")
	}
	// A poll with it is valid.
	if v, err := Ready(3).Poll(NewContext(w)); v != 3 || err != nil {
		t.Errorf("poll with the zero Waker: %d, %v", v, err)
	}
	cx := NewContext(w)
	if _, err := Yield().Poll(cx); err != Pending {
		t.Errorf("Yield with the zero Waker: %v", err)
	}
}

func TestWakerWillWake(t *testing.T) {
	var a, b tally
	other := tallyTable
	tests := []struct {
		name string
		x, y Waker
		want bool
	}{
		{"itself", a.waker(), a.waker(), true},
		{"its clone", a.waker(), a.waker().Clone(), true},
		{"other data", a.waker(), b.waker(), false},
		{"other table", a.waker(), FromRaw(RawWaker{unsafe.Pointer(&a), &other}), false},
		{"zero", a.waker(), Waker{}, false},
	}
	for _, test := range tests {
		if test.x.WillWake(test.y) != test.want || test.y.WillWake(test.x) != test.want {
			t.Errorf("%s: not %v both ways", test.name, test.want)
		}
	}
}

func TestConformance_026_WillWakeOfTasks(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		var first, second Waker
		see := func(w *Waker) *probe {
			return doing(func(cx *Context) (int, error) {
				if w.IsZero() {
					*w = cx.Waker()
				}
				if !cx.WillWake(*w) {
					t.Error("a task's waker differs from poll to poll")
				}
				return 0, Pending
			})
		}
		p, q := see(&first), see(&second)
		r, j := x.make(p)
		early := r.Waker()
		r.Schedule()
		k := x.spawn(q)
		x.tick()
		if !first.WillWake(first.Clone()) || !first.WillWake(early) {
			t.Error("clones of one task's waker differ")
		}
		if first.WillWake(second) {
			t.Error("wakers of two tasks wake the same")
		}
		first.WakeByRef()
		elsewhere(first.WakeByRef)
		x.tick()
		j.Abort()
		k.Abort()
		x.tick()
		p.check(t, 2, 1)
		q.check(t, 1, 1)
	})
}

// A waker may be given to several tasks: each registers it where it waits, and
// whoever waits behind it looks at all of them.
func TestSharedWakerForSeveralTasks(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		log := new(wakeLog)
		shared := NewWaker(log)
		f := []*probe{pendingFor(1, 10), pendingFor(1, 20), pendingFor(1, 30)}
		var js []JoinHandle[int]
		var ws []Waker
		for _, p := range f {
			inner := p.script
			p.script = func(cx *Context, poll int) (int, error) {
				if poll == 1 {
					ws = append(ws, cx.Waker())
				}
				return inner(cx, poll)
			}
			js = append(js, x.spawn(p))
		}
		x.tick()
		for _, j := range js {
			if _, err := x.poll(j, shared); err != Pending {
				t.Fatalf("poll of an unfinished handle: %v", err)
			}
		}
		x.deliver()
		for i, w := range ws {
			w.Wake()
			x.tick()
			if n := int(log.wakes.Load()); n != i+1 {
				t.Errorf("after %d tasks the shared waker was woken %d times", i+1, n)
			}
		}
		for i, j := range js {
			if v, err := x.result(j); v != (i+1)*10 || err != nil {
				t.Errorf("task %d: %d, %v", i, v, err)
			}
		}
	})
}
