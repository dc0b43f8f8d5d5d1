package interleave

import (
	"fmt"
	"runtime/debug"

	"github.com/rouse-go/rouse/internal/gid"
)

// A thread of a model: a goroutine that runs only while it holds the baton.
type thread struct {
	id    int
	name  string
	body  func()
	baton chan struct{}
	g     uintptr // who it is, see internal/gid
	next  op      // what it does when it is chosen
	ended bool    // of a store buffer: there is nothing in it

	building bool // in World.Begin

	events int    // how many operations it has done
	hash   uint64 // of its last event with all that happened before it
	loaded op     // the last Load, for Spin
	buffer []stored
}

//go:norace
func (e *engine) startThread(t *thread) {
	e.starting = true
	e.give(t)
	e.await(e.main)
}

// run is the thread's goroutine.
func (t *thread) run(e *engine) {
	e.await(t.baton)
	t.identify()
	defer func() {
		if v := recover(); v != nil {
			e.failNow(t, fmt.Sprintf("thread %s panicked: %v\n%s", t.name, v, debug.Stack()))
		}
	}()
	t.body()
	e.ended.Add(1)
	e.leave(t)
}

//go:norace
func (t *thread) identify() { t.g = gid.Identity() }

// leave ends t and passes the baton on.
//
//go:norace
func (e *engine) leave(t *thread) {
	t.ended = true
	if e.starting {
		e.giveMain()
		return
	}
	if n := e.schedule(); n != nil {
		e.give(n)
	} else {
		e.giveMain()
	}
}

// yield announces what t is about to do and returns when it is t's turn.
//
//go:norace
func (e *engine) yield(t *thread, o op) {
	t.next = o
	if e.starting {
		e.giveMain()
		e.await(t.baton)
		return
	}
	n := e.schedule()
	if n == t {
		return
	}
	if n == nil {
		e.giveMain()
	} else {
		e.give(n)
	}
	e.await(t.baton)
}

//go:norace
func (e *engine) give(t *thread) {
	e.current = t
	hide()
	t.baton <- struct{}{}
	show()
}

//go:norace
func (e *engine) giveMain() {
	hide()
	e.main <- struct{}{}
	show()
}

//go:norace
func (e *engine) await(baton chan struct{}) {
	hide()
	<-baton
	show()
}
