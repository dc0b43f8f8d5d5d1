//go:build interleave

package rouse

import (
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/interleave"
)

// What the models of this package are made of. Each runs the real tasks, wakers
// and handles; only the executor around them is made here.

// A probeFuture is ready when its condition holds. It notices what must not
// happen: two polls at once, a poll after the end, a Drop after a result, two
// Drops. Its counts are plain, so the race detector sees whether one poll
// happens after the other.
type probeFuture struct {
	w      *interleave.World
	inside atomics.Int32
	ready  func(polls int) bool
	wait   func(*Context) // what a pending poll registers; may be nil
	panics bool
	polls  int
	ended  bool
	drops  int
}

const probeResult = 42

func (f *probeFuture) Poll(cx *Context) (int, error) {
	if f.inside.Add(1) != 1 {
		f.w.Failf("two polls at once")
	}
	if f.ended || f.drops > 0 {
		f.w.Failf("a poll after the end")
	}
	f.polls++
	if f.panics {
		f.inside.Add(-1)
		panic("on purpose")
	}
	f.ended = f.ready(f.polls)
	if !f.ended && f.wait != nil {
		f.wait(cx)
	}
	f.inside.Add(-1)
	if f.ended {
		return probeResult, nil
	}
	return 0, Pending
}

func (f *probeFuture) Drop() {
	if f.inside.Add(1) != 1 {
		f.w.Failf("a Drop during a poll")
	}
	if f.drops++; f.drops > 1 || f.ended {
		f.w.Failf("Drop after %d Drops, result: %v", f.drops-1, f.ended)
	}
	f.inside.Add(-1)
}

// mustHaveEnded checks, in the end, that the future was polled to its result or
// dropped.
func (f *probeFuture) mustHaveEnded() {
	if f.ended == (f.drops == 1) {
		f.w.Failf("result: %v, Drops: %d", f.ended, f.drops)
	}
}

// A desk is an executor for one atomic task: what is scheduled lies on it, and
// who runs it sleeps while it is empty.
type desk struct {
	w    *interleave.World
	task atomics.Pointer[header]
	bed  interleave.Parker
}

func (d *desk) schedule(r Runnable) {
	if d.task.Swap(r.h) != nil {
		d.w.Failf("the task was scheduled twice")
	}
	d.bed.Unpark()
}

// run runs what is scheduled, and what lies there when it begins, until the
// task ends, and returns how.
func (d *desk) run(cx *Context) Outcome {
	for first := true; ; first = false {
		if !first {
			d.bed.Park()
		}
		h := d.task.Swap(nil)
		if h == nil {
			d.w.Failf("nothing is scheduled")
		}
		if out := (Runnable{h}).Run(cx); out >= Completed {
			return out
		}
	}
}

// A waiting is who awaits a handle: woken by its waker, like a goroutine in
// BlockOn.
type waiting struct{ bed interleave.Parker }

func (s *waiting) WakeByRef() { s.bed.Unpark() }

// join polls j to its result.
func (s *waiting) join(cx *Context, j JoinHandle[int]) (int, error) {
	for {
		v, err := j.Poll(cx)
		if !isPending(err) {
			return v, err
		}
		s.bed.Park()
	}
}

// A station is a loop of local tasks: real mail, real wakers, a list for a
// queue and a bed for a driver.
type station struct {
	w     *interleave.World
	loop  *Loop
	home  *Home
	queue []Runnable
	bed   interleave.Parker
	cx    *Context
	ran   []Outcome
}

func newStation(w *interleave.World) *station {
	s := &station{w: w}
	s.loop = NewLoop(func() { s.bed.Unpark() }, nil)
	s.home = s.loop.NewHome("", func(r Runnable) { s.queue = append(s.queue, r) })
	s.cx = NewExecutorContext(s, s.loop)
	s.loop.g.Store(gid.Get()) // the model is built at home
	return s
}

func (s *station) Now() int64                     { return 0 }
func (s *station) Rand() uint64                   { return 0 }
func (s *station) Inject(fn func(*Context)) error { return s.loop.Inject(fn) }

// enter makes the calling thread the loop's. It is Loop.Enter but for the map
// of all loops, which remembers goroutines of executions before.
func (s *station) enter() { s.w.Begin(func() { s.loop.g.Store(gid.Get()) }) }

// turn delivers mail and runs what is queued.
func (s *station) turn() {
	s.loop.Deliver(s.cx)
	queue := s.queue
	s.queue = nil
	for _, r := range queue {
		if !r.IsZero() && r.h.state&completed == 0 {
			s.ran = append(s.ran, r.Run(s.cx))
		}
	}
}

// runUntil runs the loop, asleep while there is nothing to do.
func (s *station) runUntil(done func() bool) {
	for s.turn(); !done(); s.turn() {
		if len(s.queue) == 0 {
			s.bed.Park()
		}
	}
}

// spawn makes a task at home.
func (s *station) spawn(f Future[int]) (Runnable, JoinHandle[int]) {
	r, j := NewLocalTask(f, s.home)
	r.Schedule()
	return r, j
}
