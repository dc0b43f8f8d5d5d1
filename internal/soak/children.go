package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// spawn starts a child in one of the ways there are, and returns its handle and
// the watch over it; nil if there may be no more.
func (s *script) spawn() (j rouse.JoinHandle[int], w *watch) {
	r := s.w.r
	if s.deep == 0 {
		return j, nil
	}
	on := s.on
	ways := 3
	if r.shared != nil {
		ways = 5
	}
	way := s.rng.IntN(ways)
	switch {
	case on == nil && way == 3:
		way = 4
	case on == nil && way < 3, way == 3: // from a Shared, or from one Local to any
		on = r.sites[s.rng.IntN(len(r.sites))]
	}
	switch way {
	case 0, 3:
		if _, w = r.newScript("task", on, s.rng, s.deep-1); w != nil {
			j = executor.Spawn[int](on.ex, w)
		}
	case 1, 2:
		var child *script
		if child, w = r.newScript("fiber", on, s.rng, s.deep-1); w != nil {
			w.fiber = true
			j = executor.SpawnFiber(on.ex.Context(context.Background()), on.ex, child.run)
			r.book.mu.Lock()
			w.task, w.known = j.AbortHandle(), true
			r.book.mu.Unlock()
		}
	default:
		if _, w = r.newScript("shared task", nil, s.rng, s.deep-1); w != nil {
			j = executor.SpawnShared[int](r.shared, w)
		}
	}
	return j, w
}

// join waits for a child, abort ends one early.
func (s *script) join() rouse.Future[int]  { return s.child(false) }
func (s *script) abort() rouse.Future[int] { return s.child(true) }

// joinBody is join in direct style.
func (s *script) joinBody(ctx context.Context) error {
	j, w := s.spawn()
	if w == nil {
		return nil
	}
	v, err := j.Join(ctx)
	if ctx.Err() == nil {
		s.joined(w, v, err, false)
	}
	return ctx.Err()
}

// child spawns a task or fiber somewhere and joins it; abort ends it early. The
// result is the child's own, or it was cancelled; and then it is gone.
func (s *script) child(abort bool) rouse.Future[int] {
	var j rouse.JoinHandle[int]
	var w *watch
	begun := false
	patience := s.rng.IntN(8)
	forget := s.rng.IntN(2) == 0
	return &dropping[int]{
		poll: func(cx *rouse.Context) (int, error) {
			if !begun {
				begun = true
				if j, w = s.spawn(); w == nil {
					return 0, nil
				}
			}
			v, err := j.Poll(cx)
			if err == rouse.Pending {
				if abort && patience == 0 {
					s.w.tally.Aborts++
					j.Abort()
				}
				if patience--; abort && patience >= 0 {
					cx.WakeByRef()
				}
				return 0, err
			}
			s.joined(w, v, err, abort)
			return 0, nil
		},
		drop: func() {
			switch {
			case w == nil:
			case forget:
				j.Detach()
			default:
				j.Abort()
				j.Drop()
			}
		},
	}
}

// joined judges what a handle has given.
func (s *script) joined(w *watch, v int, err error, aborted bool) {
	switch {
	case err == nil && v != w.id:
		s.w.r.book.failf("task %d was joined, and the result is %d", w.id, v)
	case err == nil && !w.ended():
		s.w.r.book.failf("task %d has a result and has not ended", w.id)
	case errors.Is(err, rouse.ErrCanceled):
		s.w.tally.Canceled++
		if !w.ended() && !w.fiber {
			s.w.r.book.failf("task %d is cancelled and not dropped", w.id)
		}
		if !aborted && !s.w.r.ending.Load() {
			s.w.r.book.failf("task %d is cancelled, and nobody has aborted it", w.id)
		}
	case err != nil:
		s.w.r.book.failf("task %d was joined: %v", w.id, err)
	}
}

// onPurpose is what tasks panic with that are to panic.
const onPurpose = "on purpose"

// panicking joins a task that panics: that is its result, and nobody else's.
func (s *script) panicking() rouse.Future[int] {
	var j rouse.JoinHandle[int]
	begun := false
	return &dropping[int]{
		poll: func(cx *rouse.Context) (int, error) {
			if !begun {
				begun = true
				j = executor.Spawn[int](s.on.ex, rouse.FutureFunc[int](func(*rouse.Context) (int, error) { panic(onPurpose) }))
			}
			_, err := j.Poll(cx)
			if err == rouse.Pending {
				return 0, err
			}
			var p *rouse.PanicError
			if errors.As(err, &p) && p.Value == onPurpose || errors.Is(err, rouse.ErrCanceled) {
				return 0, nil
			}
			return 0, fmt.Errorf("a task panicked, and its handle says %w", err)
		},
		drop: func() {
			if begun {
				j.Abort() // or its panic counts as one that nobody takes
				j.Drop()
			}
		},
	}
}
