package executor

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
)

// An Option says something rare about a spawn. Options are plain values: they
// cost no allocation.
type Option struct {
	name string
	site uintptr
}

// Named gives the task a name for reports, instead of its queue's.
func Named(name string) Option { return Option{name: name} }

// SpawnedAt has reports name pc, a return address, as the place of the spawn. It
// is for functions that spawn on behalf of their caller.
func SpawnedAt(pc uintptr) Option { return Option{site: pc} }

// Spawn starts f as a task of l and returns its handle. From a task of l it
// joins that task's queue, from elsewhere the main queue. It is lazy: f is
// polled by the loop, never inside Spawn. From any goroutine, tasks of other
// executors included: f is polled and dropped on l, and the handle may be
// awaited wherever it goes. After Close the task is cancelled at once: the
// handle yields [rouse.ErrCanceled].
//
// From elsewhere it costs one allocation, the task, since only l's own
// goroutine can use the memory of finished ones; the push on l's inbox; and a
// system call if l sleeps. What shall be made on l as well as polled there is
// made in the first poll, or in the body of a fiber.
//
//go:noinline
func Spawn[T any](l *Local, f rouse.Future[T], opts ...Option) rouse.JoinHandle[T] {
	r, j := rouse.NewLocalTask(f, l.queueHere().homeOf(opts, false))
	r.SetSite(siteOf(opts, callsite.Caller()))
	r.Schedule()
	return j
}

// SpawnInto is Spawn into a queue of your choice. From any goroutine. It panics
// if q is nil.
//
//go:noinline
func SpawnInto[T any](q *Queue, f rouse.Future[T], opts ...Option) rouse.JoinHandle[T] {
	if q == nil {
		panic("rouse: SpawnInto needs a Queue; make one with Local.NewQueue")
	}
	r, j := rouse.NewLocalTask(f, q.homeOf(opts, false))
	r.SetSite(siteOf(opts, callsite.Caller()))
	r.Schedule()
	return j
}

// SpawnDetached is Spawn without a handle: the task's result is thrown away,
// and a panic in it ends the executor, or goes to Config.OnPanic. From any
// goroutine.
//
//go:noinline
func SpawnDetached[T any](l *Local, f rouse.Future[T], opts ...Option) {
	r, j := rouse.NewLocalTask(f, l.queueHere().homeOf(opts, false))
	r.SetSite(siteOf(opts, callsite.Caller()))
	j.Detach()
	r.Schedule()
}

// SpawnValue is Spawn of a future held by value: task and future are one
// object, and where a finished task's memory is at hand nothing is allocated.
// F is the future's type, a pointer to which is a Future; Go infers it, but the
// result's type T must be given:
//
//	h := executor.SpawnValue[struct{}](l, timer.MakeSleep(time.Second))
//
//go:noinline
func SpawnValue[T, F any, P rouse.FutureOf[T, F]](l *Local, f F, opts ...Option) rouse.JoinHandle[T] {
	r, j := rouse.NewLocalValue[T, F, P](f, l.queueHere().homeOf(opts, false))
	r.SetSite(siteOf(opts, callsite.Caller()))
	r.Schedule()
	return j
}

// queueHere is the queue of the task that spawns, if one does.
func (l *Local) queueHere() *Queue {
	if l.loop.AtHome() && l.current != nil {
		return l.current
	}
	return l.main
}

// homeOf returns where a task with these options belongs.
func (q *Queue) homeOf(opts []Option, fiber bool) *rouse.Home {
	key := homeKey{fiber: fiber}
	for _, o := range opts {
		if o.name != "" {
			key.name = o.name
			break
		}
	}
	return q.homeFor(key)
}

// siteOf returns the site among the options, or else caller.
func siteOf(opts []Option, caller uintptr) uintptr {
	for _, o := range opts {
		if o.site != 0 {
			return o.site
		}
	}
	return caller
}
