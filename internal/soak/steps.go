package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// choose returns the next step, in poll form.
func (s *script) choose() rouse.Future[int] {
	if s.on == nil {
		switch s.rng.IntN(6) {
		case 0:
			return s.yield()
		case 1:
			return s.impatient(s.sendMPMC())
		case 2:
			return s.impatient(s.recvMPMC())
		case 3:
			return s.foreign()
		case 4:
			return s.child(false)
		}
		return s.child(true)
	}
	n := 9
	if s.w.r.plan.real {
		n = 12
	}
	switch s.rng.IntN(n) {
	case 0:
		return s.yield()
	case 1:
		return s.sleep()
	case 2:
		return s.hurried(s.sendBounded())
	case 3:
		return s.hurried(s.recvBounded())
	case 4:
		return s.hurried(s.sendMPMC())
	case 5:
		return s.hurried(s.recvMPMC())
	case 6:
		return s.child(false)
	case 7:
		return s.child(true)
	case 8:
		return s.hurriedAtTimes(s.echo())
	case 9:
		return s.foreign()
	case 10:
		return s.blocking()
	}
	return s.panicking()
}

// duration is how long a sleep or the patience of a step is.
func (s *script) duration() time.Duration {
	return time.Duration(s.rng.Int64N(int64(s.w.r.plan.patience)))
}

// hurried gives a step up after a while.
func (s *script) hurried(f rouse.Future[int]) rouse.Future[int] {
	return timer.Timeout(f, s.duration())
}

// hurriedAtTimes gives one of two steps up so early that it hardly ends.
func (s *script) hurriedAtTimes(f rouse.Future[int]) rouse.Future[int] {
	if s.rng.IntN(2) == 0 {
		return s.hurried(f)
	}
	return f
}

// impatient polls a step a few times whether or not it was woken, and then gives
// it up. It is for executors without timers.
func (s *script) impatient(f rouse.Future[int]) rouse.Future[int] {
	left := s.rng.IntN(5)
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
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
type dropping struct {
	poll  func(cx *rouse.Context) (int, error)
	inner any
	drop  func()
}

func (d *dropping) Poll(cx *rouse.Context) (int, error) { return d.poll(cx) }

func (d *dropping) Drop() {
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
	return &dropping{inner: t, poll: func(cx *rouse.Context) (int, error) {
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

// sending is a send of element n through f.
func (s *script) sending(f rouse.Future[struct{}], n int) rouse.Future[int] {
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
		_, err := f.Poll(cx)
		if err == nil {
			s.w.tally.Sent++
			s.w.r.book.sent(n)
		}
		return 0, err
	}}
}

func (s *script) receiving(f rouse.Future[int]) rouse.Future[int] {
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
		n, err := f.Poll(cx)
		if err == nil {
			s.w.tally.Received++
			s.w.r.book.got(n)
		}
		return 0, err
	}}
}

func (s *script) sendBounded() rouse.Future[int] {
	n, ok := s.element()
	if !ok {
		return s.yield()
	}
	f := s.on.bounded.SendFuture(n)
	return s.sending(&f, n)
}

func (s *script) recvBounded() rouse.Future[int] {
	f := s.on.bounded.RecvFuture()
	return s.receiving(&f)
}

func (s *script) sendMPMC() rouse.Future[int] {
	n, ok := s.element()
	if !ok {
		return s.yield()
	}
	f := s.w.r.mpmc.SendFuture(n)
	return s.sending(&f, n)
}

func (s *script) recvMPMC() rouse.Future[int] {
	f := s.w.r.mpmc.RecvFuture()
	return s.receiving(&f)
}

// child spawns a task or fiber somewhere and joins it; abort ends it early. The
// result is the child's own, or it was cancelled; and then it is gone.
func (s *script) child(abort bool) rouse.Future[int] {
	var j rouse.JoinHandle[int]
	var w *watch
	begun := false
	patience := s.rng.IntN(8)
	forget := s.rng.IntN(2) == 0
	return &dropping{
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

func (s *script) blocking() rouse.Future[int] {
	want := s.rng.Int()
	f := executor.BlockingFuture(s.on.ex, func() (int, error) { return want, nil })
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
		v, err := f.Poll(cx)
		if err == nil && v != want {
			return 0, fmt.Errorf("a blocking call returned %d, want %d", v, want)
		}
		return 0, err
	}}
}

// onPurpose is what tasks panic with that are to panic.
const onPurpose = "on purpose"

// panicking joins a task that panics: that is its result, and nobody else's.
func (s *script) panicking() rouse.Future[int] {
	var j rouse.JoinHandle[int]
	begun := false
	return &dropping{
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
