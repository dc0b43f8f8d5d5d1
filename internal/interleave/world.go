package interleave

import (
	"fmt"
	"unsafe"
)

// A World is one execution of a model. The model builds its objects with it,
// starts threads and says what must hold at the end. It is called anew for each
// execution and must do the same each time: no clock, no random number, no map
// iteration that is seen by an atomic operation, nothing left over from the
// execution before.
type World struct{ e *engine }

// Go adds a thread. Only while the model is built; at most eight. Threads
// begin, in the order of their making, when the model function has returned:
// what the model did before is visible to all of them.
func (w *World) Go(name string, body func()) {
	if active.Load() == w.e || len(w.e.threads) == maxThreads {
		panic("rouse: interleave: Go is for the building of a model, for at most eight threads")
	}
	e := w.e
	e.threads = append(e.threads, &thread{id: len(e.threads), name: name, body: body, baton: make(chan struct{}, 1)})
}

// Begin runs f before any thread has done a step, on the calling thread: it is
// for what belongs to the building of the model but needs the goroutine, such
// as writing down who one is. It must come first in a thread's body.
func (w *World) Begin(f func()) {
	t := building()
	f()
	t.built()
}

//go:norace
func building() *thread {
	e, t := running()
	if t == nil || !e.starting {
		panic("rouse: interleave: Begin must come first in a thread's body")
	}
	t.building = true
	return t
}

//go:norace
func (t *thread) built() { t.building = false }

// Finally has f called when every thread has ended, if nothing failed before.
// What the threads did is visible to it.
func (w *World) Finally(f func()) { w.e.finally = append(w.e.finally, f) }

// Failf says that the execution is wrong, and does not return. From a thread,
// wherever in the code under test it is, or from a Finally.
func (w *World) Failf(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	e, t := running()
	if t == nil {
		w.e.fail(what)
		panic(stopFinally{})
	}
	e.failNow(t, what)
}

// Choose returns each of 0 … n-1 in some execution. In a thread.
func (w *World) Choose(n int) int {
	e, _ := running()
	if e == nil {
		panic("rouse: interleave: Choose is for threads")
	}
	return e.choose(n)
}

// Notef puts a line into the transcript of a failing schedule.
func (w *World) Notef(format string, args ...any) {
	if e, t := running(); t != nil && e.record != nil {
		e.record.note(e, t, fmt.Sprintf(format, args...))
	}
}

// A Parker is a place where one thread of a model sleeps until another wakes
// it, as a loop sleeps in its driver. Neither call makes an edge that the race
// detector could see: what the sleeper reads has to be ordered by the protocol.
// The zero Parker is awake, and knows of no Unpark.
type Parker struct {
	early bool // unparked while the model was built
	_     [7]byte
}

// Park waits for Unpark, or returns at once if one came since the last Park.
func (p *Parker) Park() { block(Park, p.addr()) }

// ParkOrTimeout is Park that may also end by itself, at any moment. It reports
// whether it was unparked.
func (p *Parker) ParkOrTimeout() bool { return block(ParkOrTimeout, p.addr()) }

// Look takes an Unpark that came since the last Park, and reports whether one
// did. It does not wait.
func (p *Parker) Look() bool { return block(Look, p.addr()) }

// Unpark ends the Park that is, or the next one. It may be called while the model
// is built, too.
func (p *Parker) Unpark() {
	if Checked() {
		signal(Unpark, p.addr())
	} else {
		p.early = true
	}
}

// addr names p to the engine, and tells it of an early Unpark.
//
//go:norace
func (p *Parker) addr() uintptr {
	addr := uintptr(unsafe.Pointer(p))
	if e, t := running(); t != nil && p.early {
		p.early = false
		e.objects[e.object(addr)].token = true
	}
	return addr
}

// A Clock orders what the threads of a model do, for models that judge a
// history: whether an operation had ended when another began makes a difference
// then, and Now and Tick are steps, so that both orders are explored. They make
// no edge that the race detector could see, and leave store buffers as they are.
type Clock struct{ now int }

// Now reads the clock, at the beginning of an operation.
//
//go:norace
func (c *Clock) Now() int {
	a := Begin(Load, uintptr(unsafe.Pointer(c)))
	a.End(uint64(c.now), uint64(c.now), true)
	return c.now
}

// Tick moves the clock on, at the end of an operation, and returns what it was.
//
//go:norace
func (c *Clock) Tick() int {
	a := Begin(Tick, uintptr(unsafe.Pointer(c)))
	c.now++
	a.End(uint64(c.now-1), uint64(c.now), true)
	return c.now - 1
}
