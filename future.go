package rouse

import (
	"errors"
	"reflect"
)

// A Future is a computation that is polled until it yields its result.
//
// Poll makes progress as far as it can without waiting and returns the result,
// or the error [Pending] when it must wait; then it has arranged for cx's waker
// to be woken when polling is worth while again. The rule that keeps a wake
// from being lost: register the waker first, then look at the condition once
// more.
//
// Polls that nobody asked for are legal. Polling after the result is a bug and
// panics. A future is polled by one goroutine at a time; which one, the
// executor says.
type Future[T any] interface {
	Poll(cx *Context) (T, error)
}

// Pending is what Poll returns when it must wait. It is an error so that the
// usual "if err != nil { return v, err }" passes on both failure and not-yet;
// a function that awaits never returns it. Only the value itself means pending:
// a result whose chain contains it is a bug, and panics.
var Pending error = new(pending)

type pending struct{ _ byte } // not empty: the address must be its own

func (*pending) Error() string {
	return "rouse: pending: the future has no result yet (return it unchanged from Poll)"
}

// isPending is err == Pending at the price of one comparison: no value of type
// *pending exists but that one.
func isPending(err error) bool {
	_, ok := err.(*pending)
	return ok
}

// mustNotWrapPending panics if err, a result of f, has Pending in its chain.
func mustNotWrapPending(err error, f any) {
	if errors.Is(err, Pending) {
		panic("rouse: Pending was wrapped by " + reflect.TypeOf(f).String() + "; return it unchanged")
	}
}

// A Dropper is a future that holds a registration while it is pending: a timer,
// a place in a wait list, an operation in flight. Its owner calls Drop exactly
// once if, and only if, Poll has not returned a result: a future that was never
// polled, or that panicked, counts. Drop runs where the future is polled; it
// must not block. A panic in it is reported, not passed on.
type Dropper interface {
	Drop()
}

// dropFuture calls f.Drop if f has one.
func dropFuture(f any) {
	if d, ok := f.(Dropper); ok {
		d.Drop()
	}
}

// FutureFunc makes a function a Future.
type FutureFunc[T any] func(cx *Context) (T, error)

// Poll calls f.
func (f FutureFunc[T]) Poll(cx *Context) (T, error) { return f(cx) }

// Ready returns a Future whose first poll returns v.
func Ready[T any](v T) Future[T] { return &ready[T]{v: v} }

type ready[T any] struct {
	v    T
	done bool
}

func (r *ready[T]) Poll(*Context) (T, error) {
	if r.done {
		panic("rouse: " + reflect.TypeOf(r).String() + " polled after its result")
	}
	r.done = true
	return r.v, nil
}

// Yield returns a Future that is pending once: its task goes to the back of its
// queue, and whatever else is runnable there comes first.
func Yield() *Yielding { return new(Yielding) }

// Yielding is the future of [Yield]. The zero value is ready for use; after its
// result it may be used again.
type Yielding struct{ yielded bool }

// Poll returns Pending the first time and nil the next.
func (y *Yielding) Poll(cx *Context) (struct{}, error) {
	if y.yielded {
		y.yielded = false
		return struct{}{}, nil
	}
	y.yielded = true
	cx.WakeByRef()
	return struct{}{}, Pending
}
