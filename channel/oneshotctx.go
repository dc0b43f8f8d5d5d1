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
	return o.recvAbroad(ctx)
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
	return o.sendAbroad(ctx, v)
}

// oneshotRecv is a Oneshot whose Drop only ends the wait, for fibers of the home.
type oneshotRecv[T any] Oneshot[T]

func (r *oneshotRecv[T]) Poll(cx *rouse.Context) (T, error) { return (*Oneshot[T])(r).Poll(cx) }

func (r *oneshotRecv[T]) Drop() { (*Oneshot[T])(r).forget() }
