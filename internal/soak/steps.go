package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/timer"
)

// duration is how long a sleep or the patience of a step is.
func (s *script) duration() time.Duration {
	return time.Duration(s.rng.Int64N(int64(s.w.r.plan.patience)))
}

// hurried gives a step up after a while: on an executor without timers, after a
// few polls.
func (s *script) hurried(f rouse.Future[int]) rouse.Future[int] {
	if s.on == nil {
		return s.impatient(f)
	}
	return timer.Timeout(f, s.duration())
}

// hurry ends ctx after a while.
func (s *script) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	return timer.WithTimeout(ctx, s.duration())
}

// hurriedAtTimes gives one of two steps up so early that it hardly ends.
func (s *script) hurriedAtTimes(f rouse.Future[int]) rouse.Future[int] {
	if s.rng.IntN(2) == 0 {
		return s.hurried(f)
	}
	return f
}

// impatient polls a step a few times whether or not it was woken, and then gives
// it up.
func (s *script) impatient(f rouse.Future[int]) rouse.Future[int] {
	left := s.rng.IntN(5)
	return &dropping[int]{inner: f, poll: func(cx *rouse.Context) (int, error) {
		v, err := f.Poll(cx)
		if err != rouse.Pending {
			return v, err
		}
		if left == 0 {
			if d, ok := f.(rouse.Dropper); ok {
				d.Drop()
			}
			return 0, nil
		}
		left--
		cx.WakeByRef()
		return 0, rouse.Pending
	}}
}

// dropping is a future made of functions; Drop goes to inner, and to drop.
type dropping[T any] struct {
	poll  func(cx *rouse.Context) (T, error)
	inner any
	drop  func()
}

func (d *dropping[T]) Poll(cx *rouse.Context) (T, error) { return d.poll(cx) }

func (d *dropping[T]) Drop() {
	if f, ok := d.inner.(rouse.Dropper); ok {
		f.Drop()
	}
	if d.drop != nil {
		d.drop()
	}
}

func (s *script) yield() rouse.Future[int] {
	y := rouse.Yield()
	return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		_, err := y.Poll(cx)
		return 0, err
	})
}

// sleep is never early.
func (s *script) sleep() rouse.Future[int] {
	d := s.duration()
	t := timer.Sleep(d)
	clock := s.on.ex.Driver().Now
	var begun int64
	var begins bool
	return &dropping[int]{inner: t, poll: func(cx *rouse.Context) (int, error) {
		if !begins {
			begun, begins = clock(), true
		}
		_, err := t.Poll(cx)
		if err == nil {
			s.w.tally.Timers++
			if slept := clock() - begun; slept < int64(d) {
				s.w.r.book.failf("task %d slept %d ns, and asked for %d", s.w.id, slept, d)
			}
		}
		return 0, err
	}}
}

// foreign waits for a goroutine that knows nothing but the waker, and uses it
// more often than it should.
func (s *script) foreign() rouse.Future[int] {
	var done atomic.Bool
	begun := false
	wakes := 1 + s.rng.IntN(3)
	return rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		if !begun {
			begun = true
			s.w.tally.Wakes += wakes
			w := cx.Waker()
			s.w.r.goroutine(func() {
				for range wakes - 1 {
					w.WakeByRef()
				}
				done.Store(true)
				w.Wake()
			})
		}
		if !done.Load() {
			return 0, rouse.Pending
		}
		return 0, nil
	})
}
