package interleave

// A late is a store that its thread has done and others don't see yet: the
// thread's store buffer, of one place. It is what sets the memory of amd64 apart
// from sequential consistency (P. Sewell, S. Sarkar, S. Owens and others, x86-TSO,
// CACM 2010): a thread's loads may come before its earlier store, and it sees its
// own store at once. Every operation that is no load empties the buffer first.
//
// A store is explored at its own place and at the last that it may have, before
// the thread's next operation that is no load; not between two loads after it.
type late struct {
	addr    uintptr
	v       uint64
	perform func()
}

// Delay is a store of v to addr that may become visible late: perform does it,
// later. It reports false if the store shall be done at once, as it is outside of
// a checked run. The words of internal/atomics call it.
//
//go:norace
func Delay(addr uintptr, v uint64, perform func()) bool {
	e, t := running()
	if t == nil || !e.late || t.building || e.starting {
		return false
	}
	t.flush()
	if e.choose(2) == 0 {
		return false
	}
	t.late = late{addr, v, perform}
	return true
}

// Delayed returns what the calling thread has stored at addr if others don't see
// it yet.
//
//go:norace
func Delayed(addr uintptr) (v uint64, ok bool) {
	_, t := running()
	if t == nil || t.late.perform == nil || t.late.addr != addr {
		return 0, false
	}
	return t.late.v, true
}

// flush makes the late store visible.
func (t *thread) flush() {
	if perform := t.unload(); perform != nil {
		perform()
	}
}

// unload takes the late store out of the buffer.
//
//go:norace
func (t *thread) unload() func() {
	perform := t.late.perform
	t.late = late{}
	return perform
}
