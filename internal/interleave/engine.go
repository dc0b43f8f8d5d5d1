package interleave

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// maxThreads is how many threads a model may have. Behind them in the engine's
// list stand as many for their store buffers, see buffer.go.
const (
	maxThreads = 8
	maxAgents  = 2 * maxThreads
)

// A mask is a set of both.
type mask uint16

//go:norace
func bit(id int) mask { return 1 << id }

// An object is a word that operations are on.
type object struct {
	addr   uintptr
	token  bool
	writes int32
	write  uint64 // hash of the last write
	reads  uint64 // sum of the hashes of the reads since
}

// A step is an operation that was done.
type step struct {
	thread    int
	kind      Kind
	obj       int32
	frame     int  // of the explorer that made the decision, -1 if it was not asked
	preempts  bool // another thread, which could have gone on
	failed    bool // a CompareAndSwap that failed
	forwarded bool // a Load from the store buffer
	tokenWas  bool // whether the object had a token before
	seen      int32
	writes    int32 // of the object before
	after     int   // Drain: the step that the store came after; -1 if none
}

//go:norace
func (s *step) reads() bool { return s.kind.reads() || s.kind == CompareAndSwap && s.failed }

// An explorer decides. All but begin and backtrack are called on the goroutine
// of whatever thread yields, and so must not be seen by the race detector: they
// touch no map and call nothing that is instrumented.
type explorer interface {
	// begin starts an execution.
	begin(e *engine)
	// pick returns who of the enabled goes on, and the decision's frame.
	pick(e *engine, enabled mask) (id, frame int)
	// choose returns a number below n.
	choose(e *engine, n int) int
	// backtrack turns to the next execution, or reports that there is none.
	backtrack(e *engine) bool
}

// An engine runs one execution after the other of one model.
type engine struct {
	explorer explorer
	maxSteps int
	strong   bool // see Config.Strong

	threads []*thread // and those of their store buffers
	real    int       // how many are not of store buffers
	objects []object
	steps   []step
	choices []choice
	current *thread
	last    int  // which thread has done a step last, not counting those of buffers; -1 if none
	ready   mask // who could go on, if need be when his store buffer has drained
	pruned  bool // what follows has been explored elsewhere: it is only run to its end

	starting bool
	main     chan struct{}
	ended    atomic.Int32 // seen by the detector: what threads did comes before Finally
	failure  *Failure
	finally  []func()
	record   *transcript // nil: none is wanted
	diverged string

	executions int
}

// choice is a decision of Choose, for the schedule string.
type choice struct {
	step  int // it came after so many steps
	value int
}

// active is the engine whose threads run now, nil outside.
var active atomic.Pointer[engine]

// execute runs model once, as the explorer wants it.
func (e *engine) execute(model func(*World)) {
	e.threads, e.objects, e.steps, e.choices = e.threads[:0], e.objects[:0], e.steps[:0], e.choices[:0]
	e.current, e.pruned, e.failure, e.finally, e.diverged = nil, false, nil, nil, ""
	e.last = -1
	e.main = make(chan struct{}, 1)
	e.ended.Store(0)
	e.executions++
	races := raceErrors()
	model(&World{e})
	e.addBuffers()
	e.explorer.begin(e)
	active.Store(e)
	defer active.Store(nil)
	for _, t := range e.threads[:e.real] {
		go t.run(e)
		e.startThread(t)
	}
	e.starting = false
	if t := e.schedule(); t != nil {
		e.give(t)
		e.await(e.main)
	}
	e.current = nil
	e.ended.Load() // pairs with the Add of each thread's end
	if e.failure == nil {
		e.runFinally()
	}
	if e.failure == nil && raceErrors() > races {
		e.fail("the race detector has reported a race, see above")
	}
}

func (e *engine) runFinally() {
	defer func() {
		switch v := recover(); v.(type) {
		case nil, stopFinally:
		default:
			e.fail(fmt.Sprintf("panic in Finally: %v\n%s", v, debug.Stack()))
		}
	}()
	for _, f := range e.finally {
		f()
	}
}

// stopFinally ends a Finally that has failed.
type stopFinally struct{}

// schedule returns the thread that goes on, or nil at the end, good or bad. What
// store buffers do before is done.
//
//go:norace
func (e *engine) schedule() *thread {
	for {
		t := e.next()
		if t == nil || t.id < e.real {
			return t
		}
		e.drain(t)
	}
}

// next settles the last step, has the explorer choose who is next, and enters that
// in the books.
//
//go:norace
func (e *engine) next() *thread {
	e.settle()
	var enabled, alive mask
	e.ready = 0
	for i, t := range e.threads {
		if t.ended {
			continue
		}
		alive |= bit(i)
		if e.possible(t) {
			e.ready |= bit(i)
			if len(t.buffer) == 0 || !t.next.kind.fences() {
				enabled |= bit(i)
			}
		}
	}
	switch {
	case alive == 0:
		return nil
	case enabled == 0:
		e.fail(e.describeDeadlock())
		return nil
	case len(e.steps) >= e.maxSteps:
		e.fail(e.describeLivelock())
		return nil
	}
	id, frame := e.explorer.pick(e, enabled)
	if id < 0 || enabled&bit(id) == 0 {
		e.diverged = "the schedule names a thread that cannot go on here; the model is not deterministic, or the schedule is another's"
		e.fail(e.diverged)
		return nil
	}
	t := e.threads[id]
	o := &e.objects[t.next.obj]
	s := step{
		thread: id, kind: t.next.kind, obj: t.next.obj, seen: t.next.seen,
		frame: frame, preempts: e.preempts(id), tokenWas: o.token, writes: o.writes,
	}
	if id < e.real {
		e.last, e.current = id, t
	} else {
		s.after = e.threads[id-e.real].buffer[0].after
	}
	e.steps = append(e.steps, s)
	return t
}

// running returns the thread that has done the last step, if it could go on, or
// else -1. What a buffer does is nobody's step in this.
//
//go:norace
func (e *engine) running() int {
	if e.last >= 0 && e.ready&bit(e.last) != 0 {
		return e.last
	}
	return -1
}

// preempts reports whether it would be a preemption if id went on. To drain is none,
// and it is one to go on before a thread that could, had its buffer drained: so a
// bound on preemptions leaves out no schedule that it wouldn't if stores were seen
// at once.
//
//go:norace
func (e *engine) preempts(id int) bool {
	r := e.running()
	return r >= 0 && id != r && id < e.real
}

// possible reports whether t need not wait for another thread.
//
//go:norace
func (e *engine) possible(t *thread) bool {
	switch o := &e.objects[t.next.obj]; t.next.kind {
	case Receive, Park:
		return o.token
	case Spin:
		return o.writes != t.next.seen
	}
	return true
}

// settle enters the last step into the hashes of what happened before what.
// Two executions with the same hashes differ in the order of independent steps
// only: they are one Mazurkiewicz trace.
//
//go:norace
func (e *engine) settle() {
	n := len(e.steps)
	if n == 0 {
		return
	}
	s := &e.steps[n-1]
	t, o := e.threads[s.thread], &e.objects[s.obj]
	t.events++
	h := mix(t.hash, uint64(t.id)<<32|uint64(t.events))
	h = mix(h, o.write)
	if s.reads() {
		t.hash = h
		o.reads += mix(h, 1)
		return
	}
	h = mix(h, o.reads)
	t.hash, o.write, o.reads = h, h, 0
	o.writes++
}

// trace returns the hash of all that has happened.
//
//go:norace
func (e *engine) trace() uint64 {
	var h uint64
	for _, t := range e.threads {
		if t.events > 0 || t.id < e.real {
			h = mix(h, t.hash)
		}
	}
	return h
}

// mix is splitmix64's finalizer over two words.
//
//go:norace
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 ^ b + 0x632be59bd9b4e019
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// object returns the index of the object at addr.
//
//go:norace
func (e *engine) object(addr uintptr) int32 {
	for i := range e.objects {
		if e.objects[i].addr == addr {
			return int32(i)
		}
	}
	e.objects = append(e.objects, object{addr: addr})
	return int32(len(e.objects) - 1)
}

// fail notes the first failure.
//
//go:norace
func (e *engine) fail(what string) {
	if e.failure == nil {
		e.failure = &Failure{What: what}
	}
}

// failNow ends the execution at once; what runs of it stays blocked for ever,
// so that nothing unwinds through the code under test.
//
//go:norace
func (e *engine) failNow(t *thread, what string) {
	e.fail(what)
	e.giveMain()
	e.await(t.baton)
	select {}
}

//go:norace
func (e *engine) describeDeadlock() string {
	text := "deadlock: every thread that has not ended waits"
	for _, t := range e.threads {
		if !t.ended {
			text += "\n  " + t.name + ": " + t.next.kind.String() + ", which nobody is left to answer"
		}
	}
	return text
}

//go:norace
func (e *engine) describeLivelock() string {
	text := fmt.Sprintf("livelock: %d steps, and these go on:", len(e.steps))
	for _, t := range e.threads {
		if !t.ended {
			text += " " + t.name
		}
	}
	return text
}
