package rouse_test

import (
	"fmt"
	"sync/atomic"

	"github.com/rouse-go/rouse"
)

// A Brain ponders Thoughts. It needs nothing of this package but Wakeable,
// NewWaker and NewContext: everything else is a queue.
type Brain struct {
	queue chan *Thought
	alive int
}

// A Thought is a future that can be woken. It is in its Brain's queue once,
// however often it is woken: queued says that it is there.
type Thought struct {
	brain  *Brain
	future rouse.Future[string]
	cx     *rouse.Context
	queued atomic.Bool
	pushes atomic.Int32
}

// WakeByRef makes a Thought a rouse.Wakeable.
func (t *Thought) WakeByRef() {
	if t.queued.CompareAndSwap(false, true) {
		t.pushes.Add(1)
		t.brain.queue <- t // has room: there is one place for each Thought
	}
}

// Spawn gives the Brain something to think about.
func (b *Brain) Spawn(f rouse.Future[string]) *Thought {
	t := &Thought{brain: b, future: f}
	t.cx = rouse.NewContext(rouse.NewWaker(t))
	b.alive++
	t.WakeByRef()
	return t
}

// Process ponders what is woken until every Thought has come to its end. Where
// the queue is empty it sleeps.
func (b *Brain) Process() {
	for b.alive > 0 {
		t := <-b.queue
		t.queued.Store(false) // before the poll: a wake at any moment after counts
		result, err := t.future.Poll(t.cx)
		if err == rouse.Pending {
			continue
		}
		b.alive--
		t.queued.Store(true) // for ever: a late wake finds it so
		fmt.Println(result, err)
	}
}

// The tutorial's Brain and Thought. The Thought below is woken many times from
// another goroutine while it waits, and yet pondered once.
func Example_brain() {
	brain := &Brain{queue: make(chan *Thought, 8)}

	pondered := make(chan rouse.Waker)
	polls := 0
	f := rouse.FutureFunc[string](func(cx *rouse.Context) (string, error) {
		polls++
		if polls == 1 {
			pondered <- cx.Waker()
			// Wait here, so that every wake comes during this poll.
			<-pondered
			return "", rouse.Pending
		}
		return fmt.Sprintf("pondered %d times", polls), nil
	})
	go func() {
		w := <-pondered
		for range 10 {
			w.WakeByRef()
		}
		pondered <- w
	}()

	thought := brain.Spawn(f)
	brain.Process()
	rouse.NewWaker(thought).Wake() // too late
	fmt.Println("queued", thought.pushes.Load(), "times; now", len(brain.queue))
	// Output:
	// pondered 2 times <nil>
	// queued 2 times; now 0
}
