package main

import (
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
