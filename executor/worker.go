package executor

import (
	"runtime"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/spmc"
)

const (
	// queueEach is how many tasks a worker's own queue holds; more go to the
	// shared one, which costs twice as many swaps.
	queueEach = 1024
	// sharedEvery is after how many polls of its own a busy worker takes as many
	// tasks from the shared queue, or as many as there are: a prime, so that it
	// falls in step with nothing.
	sharedEvery = 61
	// goschedEvery is after how many such looks a worker lets Go's other
	// goroutines run: else what a task has just sent to one would wait for the
	// scheduler to preempt the worker, which takes 10 ms.
	goschedEvery = 4
	// streakLimit is how often in a row a worker polls what was woken last.
	streakLimit = 3
)

// A worker polls tasks of a Shared. All but its token, and what its queue offers
// to thieves, is its own goroutine's.
type worker struct {
	s      *Shared
	number int
	cx     *rouse.Context
	token  atomics.Token // one for each unpark

	queue *spmc.Queue[rouse.Runnable] // any worker takes, this one puts

	next      rouse.Runnable // woken last by what this worker polls
	favored   rouse.Runnable // polled from next last
	streak    int            // polls from next since the last one from a queue
	current   rouse.Runnable // being polled
	own       int            // polls since the last look at the shared queue
	due       int            // how many to take from there now
	round     uint32         // such looks
	searching bool
	rng       uint64

	live registry // tasks that this worker's tasks have started

	_ [64]byte // other workers' are elsewhere
}

func newWorker(s *Shared, number int) *worker {
	return &worker{
		s:      s,
		number: number,
		cx:     rouse.NewExecutorContext(s, nil),
		token:  atomics.NewToken(),
		queue:  spmc.New[rouse.Runnable](queueEach),
		rng:    mix(uint64(number) + 1),
	}
}

// Schedule passes a task that was made with it as schedule function to a
// worker: to the calling one, if a task that is polled has woken it. From any
// goroutine; it takes no lock. [SpawnShared] is how tasks are made.
func (s *Shared) Schedule(r rouse.Runnable) {
	w := s.seats.here()
	switch {
	case w == nil:
		s.queue.Push(r)
		s.wanted()
	case r == w.current: // yields: behind everything
		w.put(r)
	case r == w.favored && w.queue.Ready(): // again: what wakes it shall do so for all that is there
		w.favored = rouse.Runnable{}
		w.put(r)
	default:
		if last := w.next; !last.IsZero() {
			w.put(last)
		}
		w.next = r
	}
}

// put adds to the worker's queue.
func (w *worker) put(r rouse.Runnable) {
	if !w.queue.Push(r) {
		w.s.queue.Push(r)
	}
	w.s.wanted()
}

// main is the worker's goroutine, until the run ends. If a poll ends the
// goroutine by runtime.Goexit another takes its place.
func (w *worker) main() {
	ended := false
	loop := rouse.NewLoop(func() {}, nil) // for rouse.OnLoop; it runs no tasks
	loop.Enter()
	w.s.seats.sit(w)
	defer func() {
		w.s.seats.leave()
		loop.Close(w.cx)
		loop.Leave()
		if ended {
			w.s.life.workers.Done()
			return
		}
		w.current = rouse.Runnable{}
		go w.main()
	}()
	for !w.s.halt.Load() { // pairs with the Store in stopNow
		r := w.pick()
		if r.IsZero() {
			if r = w.search(); r.IsZero() {
				w.favored = rouse.Runnable{} // its memory is not ours to keep
				w.park(w.searching)
				w.searching = true
				continue
			}
		}
		if w.searching {
			w.searching = false
			w.s.endSearch()
		}
		w.run(r)
	}
	if w.searching {
		w.searching = false
		w.s.endSearch()
	}
	ended = true
}

func (w *worker) run(r rouse.Runnable) {
	w.current = r
	out := r.Run(w.cx)
	w.current = rouse.Runnable{}
	if out == rouse.Panicked {
		w.s.panicked(r.Panic())
	}
}

// pick returns the next task without a look at other workers'.
func (w *worker) pick() rouse.Runnable {
	if w.due == 0 {
		if w.own++; w.own >= sharedEvery {
			w.own = 0
			w.due = min(w.s.queue.Len(), sharedEvery)
			if w.round++; w.round%goschedEvery == 0 {
				runtime.Gosched()
			}
		}
	}
	if w.due > 0 {
		if r, ok := w.s.queue.Pop(); ok {
			w.due--
			return r
		}
		w.due = 0
	}
	if r := w.next; !r.IsZero() {
		w.next = rouse.Runnable{}
		if w.streak < streakLimit {
			w.streak++
			w.favored = r
			return r
		}
		w.put(r)
	}
	w.streak = 0
	if r, ok := w.queue.Pop(); ok {
		return r
	}
	r, _ := w.s.queue.Pop()
	return r
}

// search takes half of what some other worker has, the first of it to be run
// now.
func (w *worker) search() rouse.Runnable {
	s := w.s
	if !w.searching {
		if w.searching = s.idle.beginSearch(); !w.searching {
			return rouse.Runnable{}
		}
	}
	w.rng += golden
	n := len(s.workers)
	at := int(mix(w.rng) % uint64(n))
	for range n {
		if v := s.workers[at]; v != w {
			if r, ok := v.queue.Steal(w.queue); ok {
				return r
			}
		}
		if at++; at == n {
			at = 0
		}
	}
	r, _ := s.queue.Pop()
	return r
}
