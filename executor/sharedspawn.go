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
	r, j := rouse.NewTask(f, s.schedule)
	describe(r, opts, callsite.Caller())
	s.Start(r, j.AbortHandle())
	return j
}

// SpawnSharedDetached is SpawnShared without a handle: the task's result is
// thrown away, and a panic in it ends the executor, or goes to
// SharedConfig.OnPanic. From any goroutine.
//
//go:noinline
func SpawnSharedDetached[T any](s *Shared, f rouse.Future[T], opts ...Option) {
	r, j := rouse.NewTask(f, s.schedule)
	describe(r, opts, callsite.Caller())
	a := j.AbortHandle()
	j.Detach()
	s.Start(r, a)
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
func (s *Shared) Start(r rouse.Runnable, a rouse.AbortHandle) {
	if !s.start(r, a) {
		r.Drop()
	}
}

// start is Start, but after Close it reports false and leaves r to the caller.
func (s *Shared) start(r rouse.Runnable, a rouse.AbortHandle) bool {
	if w := s.seats.here(); w != nil { // the run, and so Close, waits for us
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
