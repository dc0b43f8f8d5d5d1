package interleave

// bounded explores every schedule with at most so many preemptions, that is,
// switches away from a thread that could have gone on. Most bugs need few:
// M. Musuvathi and S. Qadeer, Iterative Context Bounding for Systematic Testing
// of Multithreaded Programs (PLDI 2007). Sleep sets are not sound under a bound
// (the execution that covers a pruned one may need more preemptions; see
// K. Coons, M. Musuvathi and K. McKinley, Bounded Partial-Order Reduction,
// OOPSLA 2013), so the reduction is another: the state after a prefix is known
// by the partial order of its steps, whatever order they came in, and a state
// that was explored with at least as many preemptions left, with the same
// thread running, is not explored again (M. Musuvathi and S. Qadeer,
// Partial-Order Reduction for Context-Bounded State Exploration, MSR-TR-2007-12).
//
// Of store buffers alone there are sleep sets all the same. What a buffer does is no
// preemption and changes nothing about who could have gone on, unless somebody
// spins for that word: so it can be moved to an earlier place, before whatever it
// doesn't depend on, at no cost. The execution that covers a pruned one then has as
// many preemptions, and it has been explored, since buffers are tried first.
type bounded struct {
	bound  int
	frames []boundedFrame
	at     int
	used   int  // preemptions so far
	sleep  mask // of store buffers, at the next decision
	cache  table
	naive  bool // no cache: for tests of the reductions
}

type boundedFrame struct {
	enabled mask
	todo    mask
	sleep   mask
	chosen  int
	used    int // before the decision
	choices int
	next    op // as in dporFrame
}

func (b *bounded) begin(*engine) { b.at, b.used, b.sleep = 0, 0, 0 }

//go:norace
func (b *bounded) pick(e *engine, enabled mask) (id, frame int) {
	if e.pruned {
		return e.straight(enabled), -1
	}
	if b.at == len(b.frames) {
		if !b.naive && !b.cache.improve(mix(e.trace(), uint64(e.last+1)), b.bound-b.used+1) {
			e.pruned = true
			return e.straight(enabled), -1
		}
		todo := enabled &^ b.sleep
		if running := e.running(); running >= 0 && b.used >= b.bound {
			todo &= e.buffers() | bit(running)
		}
		if todo == 0 {
			e.pruned = true
			return e.straight(enabled), -1
		}
		id = e.straight(todo)
		b.frames = append(b.frames, boundedFrame{enabled: enabled, todo: todo &^ bit(id), sleep: b.sleep, chosen: id, used: b.used})
	}
	f := &b.frames[b.at]
	if f.choices > 0 || f.enabled != enabled || !f.next.same(e.threads[f.chosen].next) {
		return -1, -1
	}
	f.next = e.threads[f.chosen].next
	b.at++
	b.used = f.used
	if e.preempts(f.chosen) {
		b.used++
	}
	b.sleep = 0
	asleep := f.sleep & e.buffers()
	for q := e.real; asleep != 0 && !b.naive && q < len(e.threads); q++ {
		if asleep&bit(q) != 0 && !dependent(e.threads[q].next, e.threads[f.chosen].next) && !e.spunFor(e.threads[q].next.obj) {
			b.sleep |= bit(q)
		}
	}
	return f.chosen, b.at - 1
}

// spunFor reports whether a thread spins until somebody writes to obj.
//
//go:norace
func (e *engine) spunFor(obj int32) bool {
	for _, t := range e.threads[:e.real] {
		if !t.ended && t.next.kind == Spin && t.next.obj == obj {
			return true
		}
	}
	return false
}

//go:norace
func (b *bounded) choose(e *engine, n int) int {
	if e.pruned {
		return 0
	}
	if b.at == len(b.frames) {
		b.frames = append(b.frames, boundedFrame{choices: n})
	}
	f := &b.frames[b.at]
	if f.choices != n {
		return -1
	}
	b.at++
	return f.chosen
}

func (b *bounded) backtrack(e *engine) bool {
	for n := len(b.frames); n > 0; n = len(b.frames) {
		f := &b.frames[n-1]
		if f.choices > 0 {
			if f.chosen++; f.chosen < f.choices {
				return true
			}
		} else if f.todo != 0 {
			f.sleep |= bit(f.chosen) // means buffers only
			next := f.todo
			if full := next & e.buffers(); full != 0 {
				next = full
			}
			f.chosen, f.next = next.first(), op{}
			f.todo &^= bit(f.chosen)
			return true
		}
		b.frames = b.frames[:n-1]
	}
	return false
}

// A table remembers for each hash the best number it was improved to. It is no
// Go map, because threads use it, and the race detector would see a map's
// accesses. Two traces with one hash would hide a part of the schedules; with
// 64 bits and a few million traces the odds of a single one are about one in a
// million.
type table struct {
	keys []uint64
	best []int8
	n    int
}

// improve reports whether value, which is positive, is more than the best so
// far, and enters it.
//
//go:norace
func (t *table) improve(key uint64, value int) bool {
	if 2*(t.n+1) > len(t.keys) {
		t.grow()
	}
	if key == 0 {
		key = 1
	}
	m := uint64(len(t.keys) - 1)
	i := key & m
	for t.keys[i] != 0 && t.keys[i] != key {
		i = (i + 1) & m
	}
	if t.keys[i] == 0 {
		t.keys[i] = key
		t.n++
	}
	if int(t.best[i]) >= value {
		return false
	}
	t.best[i] = int8(min(value, 127))
	return true
}

//go:norace
func (t *table) grow() {
	old := *t
	t.keys = make([]uint64, max(1<<12, 2*len(old.keys)))
	t.best = make([]int8, len(t.keys))
	m := uint64(len(t.keys) - 1)
	for k, key := range old.keys {
		if key == 0 {
			continue
		}
		i := key & m
		for t.keys[i] != 0 {
			i = (i + 1) & m
		}
		t.keys[i], t.best[i] = key, old.best[k]
	}
}
