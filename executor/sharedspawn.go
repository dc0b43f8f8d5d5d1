package executor

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
)

// SpawnShared starts f as a task of s and returns its handle. It is lazy: f is
// polled by a worker, never inside SpawnShared, and behind what is runnable
// already. From any goroutine. After Close the task is cancelled at once. f must
// be a future that may move between goroutines; see [Shared].
//
//go:noinline
func SpawnShared[T any](s *Shared, f rouse.Future[T], opts ...Option) rouse.JoinHandle[T] {
	w := s.seats.here()
	r, j := newShared(s, w, f)
	describe(r, opts, callsite.Caller())
	s.startOn(w, r, j.AbortHandle())
	return j
}

// SpawnSharedDetached is SpawnShared without a handle: the task's result is
// thrown away, and a panic in it ends the executor, or goes to
// SharedConfig.OnPanic. From any goroutine.
//
//go:noinline
func SpawnSharedDetached[T any](s *Shared, f rouse.Future[T], opts ...Option) {
	w := s.seats.here()
	r, j := newShared(s, w, f)
	describe(r, opts, callsite.Caller())
	a := j.AbortHandle()
	j.Detach()
	s.startOn(w, r, a)
}

// newShared makes a task; on a worker of memory that is at hand.
func newShared[T any](s *Shared, w *worker, f rouse.Future[T]) (rouse.Runnable, rouse.JoinHandle[T]) {
	if w == nil {
		return rouse.NewTask(f, s.schedule)
	}
	return rouse.NewTaskIn(w.cx, f, s.schedule)
}

// describe records what reports say of a task.
func describe(r rouse.Runnable, opts []Option, caller uintptr) {
	r.SetSite(siteOf(opts, caller))
	for _, o := range opts {
		if o.name != "" {
			r.SetName(o.name)
			return
		}
	}
}

// Start takes a new task, made by [rouse.NewTask] with Schedule as its schedule
// function. After Close it is cancelled. From any goroutine. [SpawnShared] is the
// usual way.
func (s *Shared) Start(r rouse.Runnable, a rouse.AbortHandle) { s.startOn(s.seats.here(), r, a) }

func (s *Shared) startOn(w *worker, r rouse.Runnable, a rouse.AbortHandle) {
	if !s.start(w, r, a) {
		r.Drop()
	}
}

// start queues a new task on the worker that the caller is, or if it is none in
// the shared queue. After Close it reports false and leaves r to the caller.
func (s *Shared) start(w *worker, r rouse.Runnable, a rouse.AbortHandle) bool {
	if w != nil { // the run, and so Close, waits for us
		w.live.add(a)
		w.put(r)
		return true
	}
	s.starts.Lock()
	if s.ended {
		s.starts.Unlock()
		return false
	}
	s.live.add(a)
	s.starts.Unlock()
	s.queue.Push(r)
	s.wanted()
	return true
}
