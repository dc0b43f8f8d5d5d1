package timer

import (
	"context"
	"os"
	"reflect"
	"time"

	"github.com/rouse-go/rouse"
)

// ErrTimeout is the result of a future that ran out of time. errors.Is holds
// for it with context.DeadlineExceeded and os.ErrDeadlineExceeded, and it has
// the Timeout method that package net looks for.
var ErrTimeout error = timeoutError{}

type timeoutError struct{}

func (timeoutError) Error() string   { return "rouse: timed out" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func (timeoutError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}

// Timeout returns a future with f's result, or [ErrTimeout] if f has none after
// d, counted from the first poll: then f is dropped. f is polled before the
// clock is looked at, so a result that is there in time, or even just after, is
// not lost.
func Timeout[T any](f rouse.Future[T], d time.Duration) rouse.Future[T] {
	return &timeout[T]{f: f, timer: MakeSleep(d)}
}

// Deadline is [Timeout] with an instant of the executor's clock.
func Deadline[T any](f rouse.Future[T], instant int64) rouse.Future[T] {
	return &timeout[T]{f: f, timer: MakeSleepUntil(instant)}
}

type timeout[T any] struct {
	f     rouse.Future[T] // nil after the result
	timer Timer
}

// Poll polls f, then looks at the clock.
func (t *timeout[T]) Poll(cx *rouse.Context) (T, error) {
	if t.f == nil {
		panic("rouse: " + reflect.TypeOf(t).String() + " polled after its result")
	}
	v, err := t.f.Poll(cx)
	if err != rouse.Pending {
		t.f = nil
		t.timer.Drop()
		return v, err
	}
	if _, err := t.timer.Poll(cx); err == rouse.Pending {
		return v, err
	}
	f := t.f
	t.f = nil
	drop(f)
	return v, ErrTimeout
}

// Drop drops f and gives up the place in the wheel.
func (t *timeout[T]) Drop() {
	t.timer.Drop()
	if f := t.f; f != nil {
		t.f = nil
		drop(f)
	}
}

func drop(f any) {
	if d, ok := f.(rouse.Dropper); ok {
		d.Drop()
	}
}
