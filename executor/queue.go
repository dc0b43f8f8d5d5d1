package executor

import "github.com/rouse-go/rouse"

// batch is how many polls one queue gets before the others, timers and I/O have
// their turn.
const batch = 256

// nameLimit is how many names of tasks a queue remembers. Tasks of one name
// reuse each other's memory.
const nameLimit = 256

// A Queue holds the runnable tasks of one class, in the order in which they
// became runnable. Queues are made at run time and live as long as their
// executor. Only on the executor's goroutine.
type Queue struct {
	ex     *Local
	home   *rouse.Home
	fibers *rouse.Home
	homes  map[homeKey]*rouse.Home // of named tasks

	head, tail rouse.Runnable // linked by Runnable.Next
	len        int

	next   *Queue // ring of active queues
	active bool
}

// NewQueue makes a queue. name is for reports. Call it before the executor runs
// or on its goroutine.
func (l *Local) NewQueue(name string) *Queue {
	q := &Queue{ex: l}
	q.home = q.newHome(homeKey{name: name})
	q.fibers = q.newHome(homeKey{name: name, fiber: true})
	l.queues = append(l.queues, q)
	return q
}

// homeKey is what tasks of one home have in common, beside the queue.
type homeKey struct {
	name  string
	fiber bool
}

func (q *Queue) newHome(key homeKey) *rouse.Home {
	if key.fiber {
		return q.ex.loop.NewStackfulHome(key.name, func(r rouse.Runnable) { q.push(r) })
	}
	return q.ex.loop.NewHome(key.name, func(r rouse.Runnable) { q.push(r) })
}

// homeFor returns where tasks of that kind belong. An empty name stands for the
// queue's.
func (q *Queue) homeFor(key homeKey) *rouse.Home {
	switch {
	case key == homeKey{}:
		return q.home
	case key == homeKey{fiber: true}:
		return q.fibers
	}
	if !q.ex.loop.AtHome() {
		return q.newHome(key) // the cache is the loop's
	}
	h := q.homes[key]
	if h == nil {
		if len(q.homes) >= nameLimit {
			return q.newHome(key) // the names seem to be without end
		}
		if q.homes == nil {
			q.homes = make(map[homeKey]*rouse.Home)
		}
		h = q.newHome(key)
		q.homes[key] = h
	}
	return h
}

// Name returns the queue's name. From any goroutine.
func (q *Queue) Name() string { return q.home.Name() }

// Len returns how many tasks are runnable in the queue. Only on the executor's
// goroutine.
func (q *Queue) Len() int { return q.len }

// Executor returns the executor that the queue belongs to. From any goroutine.
func (q *Queue) Executor() *Local { return q.ex }

func (q *Queue) push(r rouse.Runnable) {
	r.SetNext(rouse.Runnable{})
	if q.head.IsZero() {
		q.head = r
		if !q.active {
			q.ex.active.add(q)
		}
	} else {
		q.tail.SetNext(r)
	}
	q.tail = r
	q.len++
}

func (q *Queue) pop() rouse.Runnable {
	r := q.head
	q.head = r.Next()
	q.len--
	return r
}

// queueRing is the active queues: those with something runnable, and the one
// that is being served. This is the only place that decides which queue is
// next; today they take turns.
type queueRing struct {
	last *Queue // its next is the first
}

// add puts q behind all others.
func (a *queueRing) add(q *Queue) {
	q.active = true
	if a.last == nil {
		q.next = q
	} else {
		q.next = a.last.next
		a.last.next = q
	}
	a.last = q
}

// pick returns the queue to serve now, or nil if nothing is runnable.
func (a *queueRing) pick() *Queue {
	if a.last == nil {
		return nil
	}
	return a.last.next
}

// served puts the queue that pick returned behind the others, or out of the
// ring if it has run empty.
func (a *queueRing) served(q *Queue) {
	if !q.head.IsZero() {
		a.last = q
		return
	}
	q.active = false
	if a.last == q {
		if q.next == q {
			a.last = nil
			q.next = nil
			return
		}
		panic("rouse: served a queue that was not first")
	}
	a.last.next = q.next
	q.next = nil
}

// forgetAll empties every queue: their tasks are about to be cancelled.
func (l *Local) forgetAll() {
	for _, q := range l.queues {
		q.head, q.tail, q.len = rouse.Runnable{}, rouse.Runnable{}, 0
		q.active, q.next = false, nil
	}
	l.active = queueRing{}
}
