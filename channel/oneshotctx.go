package channel

import (
	"context"

	"github.com/rouse-go/rouse"
)

// Recv waits for the value. It may be called from fibers of any executor, where
// it suspends the fiber, and from goroutines, which it blocks; not inside a
// Poll. If ctx ends first it returns ctx.Err(), and the Oneshot is as before:
// Recv may be called again. If the sender goes it returns [ErrClosed].
//
// In a fiber of the home it allocates nothing.
func (o *Oneshot[T]) Recv(ctx context.Context) (T, error) {
	if o.home.fiber(ctx) != nil {
		return rouse.AwaitOn[T](ctx, o.home.exec, (*oneshotRecv[T])(o))
	}
	a := &oneshotRecvAbroad[T]{o: o}
	v, err := rouse.AwaitOn[T](ctx, o.home.of(ctx), a)
	if err != nil && !a.deal.cancel() {
		return a.v, a.err
	}
	return v, err
}

// Send is [Oneshot.TrySend] for any place: fibers and goroutines may call it,
// inside a Poll it is not allowed. It waits only to get home. If ctx ends first
// it returns ctx.Err(), and v has not been sent.
func (o *Oneshot[T]) Send(ctx context.Context, v T) error {
	if o.home.fiber(ctx) != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		return o.TrySend(v)
	}
	a := &oneshotSendAbroad[T]{o: o, v: v}
	_, err := rouse.AwaitOn[struct{}](ctx, o.home.of(ctx), a)
	if err != nil && !a.deal.cancel() {
		return nil
	}
	return err
}

// oneshotRecv is a Oneshot whose Drop only ends the wait.
type oneshotRecv[T any] Oneshot[T]

func (r *oneshotRecv[T]) Poll(cx *rouse.Context) (T, error) { return (*Oneshot[T])(r).Poll(cx) }

func (r *oneshotRecv[T]) Drop() { (*Oneshot[T])(r).forget() }

type oneshotRecvAbroad[T any] struct {
	deal   deal
	o      *Oneshot[T]
	polled bool // at home, where Drop may touch o
	v      T
	err    error
}

func (a *oneshotRecvAbroad[T]) Poll(cx *rouse.Context) (v T, err error) {
	a.polled = true
	if err = a.o.ready(cx); err != nil {
		return v, err
	}
	// The news that the sender is gone is handed out once, too.
	if a.v = a.o.v; a.o.stage == senderGone {
		a.err = ErrClosed
	}
	if !a.deal.close() {
		a.v = v
		return v, rouse.ErrCanceled
	}
	return a.o.take()
}

func (a *oneshotRecvAbroad[T]) Drop() {
	if a.polled {
		a.o.forget()
	}
}

type oneshotSendAbroad[T any] struct {
	deal deal
	o    *Oneshot[T]
	v    T
}

func (a *oneshotSendAbroad[T]) Poll(cx *rouse.Context) (none struct{}, err error) {
	a.o.home.enter(cx)
	if a.o.stage != untold {
		return none, a.o.TrySend(a.v) // fails
	}
	if !a.deal.close() {
		return none, rouse.ErrCanceled
	}
	return none, a.o.TrySend(a.v)
}
