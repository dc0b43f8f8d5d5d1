package interleave

import (
	"github.com/rouse-go/rouse/internal/gid"
)

// An Access is an atomic operation of a thread under way. The nil Access is one
// that no checked run is interested in.
type Access struct {
	e *engine
	t *thread
}

// running returns the engine and its thread, if that is who calls.
//
//go:norace
func running() (*engine, *thread) {
	e := active.Load()
	if e == nil {
		return nil, nil
	}
	t := e.current
	if t == nil || t.g != gid.Identity() {
		return nil, nil
	}
	return e, t
}

// Thread returns a number of the calling thread, from 1, the same in each run of
// its model; 0 outside of a checked run.
//
//go:norace
func Thread() int {
	_, t := running()
	if t == nil {
		return 0
	}
	return t.id + 1
}

// Begin announces an operation on the word at addr and returns when it is the
// caller's turn to do it. Outside a checked run it returns at once. The words
// of internal/atomics call it.
//
//go:norace
func Begin(kind Kind, addr uintptr) Access {
	e, t := running()
	if t == nil || t.building {
		return Access{}
	}
	o := op{kind: kind, obj: e.object(addr)}
	e.yield(t, o)
	if kind == Load {
		o.seen = e.objects[o.obj].writes
		t.loaded = o
	}
	return Access{e, t}
}

// Active reports whether End wants to know the values.
//
//go:norace
func (a Access) Active() bool { return a.t != nil }

// End ends what Begin began: the word's value before and after, and whether a
// CompareAndSwap has swapped.
//
//go:norace
func (a Access) End(before, after uint64, swapped bool) {
	if a.t == nil {
		return
	}
	s := &a.e.steps[len(a.e.steps)-1]
	if s.kind == CompareAndSwap {
		s.failed = !swapped
	}
	if a.e.record != nil {
		a.e.record.access(a.e, a.t, before, after)
	}
}

// Spinning says that the caller is in a loop that waits for the word that it
// loaded last to change.
//
//go:norace
func Spinning() {
	e, t := running()
	if t == nil || t.loaded.kind != Load {
		return
	}
	e.yield(t, op{kind: Spin, obj: t.loaded.obj, seen: t.loaded.seen})
	if e.record != nil {
		e.record.access(e, t, 0, 0)
	}
}

// Wait is the waiting half of a place that holds one token, kind being one of
// Receive, Park, their OrTimeout forms and Look. ok is false outside a checked run;
// got says whether the token was taken.
func Wait(kind Kind, addr uintptr) (got, ok bool) {
	if _, t := running(); t == nil {
		return false, false
	}
	return block(kind, addr), true
}

// Signal is the other half, kind being Send or Unpark. It reports false outside
// a checked run.
func Signal(kind Kind, addr uintptr) bool {
	if _, t := running(); t == nil {
		return false
	}
	signal(kind, addr)
	return true
}

//go:norace
func block(kind Kind, addr uintptr) bool {
	e, t := running()
	if t == nil {
		panic("rouse: interleave: to park is for threads of a model")
	}
	obj := e.object(addr)
	e.yield(t, op{kind: kind, obj: obj})
	o := &e.objects[obj]
	was, got := o.token, o.token
	if got && (kind == ReceiveOrTimeout || kind == ParkOrTimeout) {
		got = e.choose(2) == 0 // both have happened: either may be noticed
		o = &e.objects[obj]
	}
	if got {
		o.token = false
	}
	if e.record != nil {
		e.record.access(e, t, count(was), count(o.token))
	}
	return got
}

//go:norace
func signal(kind Kind, addr uintptr) {
	e, t := running()
	if t == nil {
		panic("rouse: interleave: to unpark is for threads of a model")
	}
	obj := e.object(addr)
	e.yield(t, op{kind: kind, obj: obj})
	o := &e.objects[obj]
	if e.record != nil {
		e.record.access(e, t, count(o.token), 1)
	}
	if o.token && kind == Send {
		e.failNow(t, t.name+" sends to a place that is full: it would block")
	}
	o.token = true
}

//go:norace
func count(token bool) uint64 {
	if token {
		return 1
	}
	return 0
}

// choose has the explorer choose, and writes that down.
//
//go:norace
func (e *engine) choose(n int) int {
	v := e.explorer.choose(e, n)
	if v < 0 || v >= n {
		v = 0
		e.diverged = "the schedule makes a choice that is not offered"
		e.fail(e.diverged)
	}
	e.choices = append(e.choices, choice{len(e.steps), v})
	e.current.hash = mix(e.current.hash, uint64(v)+3)
	return v
}

// Checked reports whether the caller is a thread of a checked run.
func Checked() bool {
	_, t := running()
	return t != nil
}
