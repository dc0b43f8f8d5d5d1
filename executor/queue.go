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
	ex    *Local
	home  *rouse.Home
	homes map[string]*rouse.Home // of named tasks

	head, tail rouse.Runnable // linked by Runnable.Next
	len        int

	next   *Queue // ring of active queues
	active bool
}

// NewQueue makes a queue. name is for reports. Call it before the executor runs
// or on its goroutine.
func (l *Local) NewQueue(name string) *Queue {
	q := &Queue{ex: l}
	q.home = q.newHome(name)
	l.queues = append(l.queues, q)
	return q
}

func (q *Queue) newHome(name string) *rouse.Home {
	return q.ex.loop.NewHome(name, func(r rouse.Runnable) { q.push(r) })
}

// homeFor returns where a task of that name belongs.
func (q *Queue) homeFor(name string) *rouse.Home {
	if name == "" {
		return q.home
	}
	if !q.ex.loop.AtHome() {
		return q.newHome(name) // the cache is the loop's
	}
	h := q.homes[name]
	if h == nil {
		if len(q.homes) >= nameLimit {
			return q.newHome(name) // the names seem to be without end
		}
		if q.homes == nil {
			q.homes = make(map[string]*rouse.Home)
		}
		h = q.newHome(name)
		q.homes[name] = h
	}
	return h
}

// Name returns the queue's name.
func (q *Queue) Name() string { return q.home.Name() }

// Len returns how many tasks are runnable in the queue.
func (q *Queue) Len() int { return q.len }

// Executor returns the executor that the queue belongs to.
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
