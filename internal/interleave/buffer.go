package interleave

import "unsafe"

// Each thread has a store buffer, as x86-TSO has it: what sets the memory of amd64
// apart from sequential consistency (P. Sewell, S. Sarkar, S. Owens, F. Zappa
// Nardelli and M. Myreen, x86-TSO: A Rigorous and Usable Programmer's Model for x86
// Multiprocessors, CACM 2010). A release store enters it, which nobody sees; its
// thread's loads find it there; and at some later moment it leaves for memory. That
// is a step of its own, [Drain], whose moment the explorer chooses: to it the
// buffer is a thread that does nothing else. The stores of one buffer leave in the
// order in which they came. Every operation but a load and the wait of a spinning
// loop has to wait until the buffer of its thread is empty, as a LOCKed
// instruction, an exchange or a system call does.

// A stored is an entry of a store buffer.
type stored struct {
	word  *uint64
	v     uint64
	obj   int32
	after int   // the step of its thread that it came after; -1 if none
	line  int   // of the transcript
	by    proxy // who does it
}

// Buffer puts a store of v to word into the calling thread's store buffer. It
// reports false if the caller shall do it at once, as outside of a checked run. The
// words of internal/atomics call it.
//
//go:norace
func Buffer(word *uint64, v uint64) bool {
	e, t := running()
	if t == nil || t.building || e.strong {
		return false
	}
	s := stored{word: word, v: v, obj: e.object(uintptr(unsafe.Pointer(word))), after: len(e.steps) - 1, by: newProxy(word, v)}
	if e.record != nil {
		s.line = e.record.store(e, t, s.obj, v)
	}
	t.buffer = append(t.buffer, s)
	e.bufferOf(t).look(t)
	return true
}

// addBuffers adds the threads that stand for the buffers of those there are.
func (e *engine) addBuffers() {
	e.real = len(e.threads)
	for _, t := range e.threads {
		e.threads = append(e.threads, &thread{id: e.real + t.id, name: t.name + "'s buffer", ended: true})
	}
}

// bufferOf returns the thread that stands for t's buffer.
//
//go:norace
func (e *engine) bufferOf(t *thread) *thread { return e.threads[e.real+t.id] }

// buffers is the set of those threads.
//
//go:norace
func (e *engine) buffers() mask { return ^(bit(e.real) - 1) }

// look has b, t's buffer, know what is next.
//
//go:norace
func (b *thread) look(t *thread) {
	if b.ended = len(t.buffer) == 0; !b.ended {
		b.next = op{kind: Drain, obj: t.buffer[0].obj}
	}
}

// drain does what is next in b.
//
//go:norace
func (e *engine) drain(b *thread) {
	t := e.threads[b.id-e.real]
	s := &t.buffer[0]
	before := *s.word
	s.by.store()
	if e.record != nil {
		e.record.drain(e, b, s.line, before)
	}
	t.buffer = t.buffer[1:]
	b.look(t)
}

// Forwarded returns what the thread of a Load finds in its own store buffer.
//
//go:norace
func (a Access) Forwarded() (v uint64, ok bool) {
	if a.t == nil {
		return 0, false
	}
	for i := len(a.t.buffer) - 1; i >= 0; i-- {
		s := &a.t.buffer[i]
		if s.obj != a.t.next.obj {
			continue
		}
		a.e.steps[len(a.e.steps)-1].forwarded = true
		if a.e.record != nil {
			a.e.record.access(a.e, a.t, s.v, s.v)
		}
		return s.v, true
	}
	return 0, false
}
