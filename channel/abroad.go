package channel

import (
	"context"

	"github.com/rouse-go/rouse"
)

// A ctx form that is called elsewhere than in a fiber of the home sends a future
// there, and its ctx may end while the future, at home, gets its result. That the
// caller has the result or nothing has happened, so that no element is taken that
// nobody gets, is what rouse.AwaitOn promises.

func (c *Bounded[T]) recvAbroad(ctx context.Context) (T, error) {
	f := c.RecvFuture()
	return rouse.AwaitOn[T](ctx, c.home.of(ctx), &f)
}

func (c *Bounded[T]) sendAbroad(ctx context.Context, v T) error {
	f := c.SendFuture(v)
	_, err := rouse.AwaitOn[struct{}](ctx, c.home.of(ctx), &f)
	return err
}

func (o *Oneshot[T]) recvAbroad(ctx context.Context) (T, error) {
	return rouse.AwaitOn[T](ctx, o.home.of(ctx), &oneshotRecvAbroad[T]{o: o})
}

func (o *Oneshot[T]) sendAbroad(ctx context.Context, v T) error {
	_, err := rouse.AwaitOn[struct{}](ctx, o.home.of(ctx), rouse.FutureFunc[struct{}](func(cx *rouse.Context) (none struct{}, err error) {
		o.home.enter(cx)
		return none, o.TrySend(v)
	}))
	return err
}

// oneshotRecvAbroad is a Oneshot whose Drop only ends the wait.
type oneshotRecvAbroad[T any] struct {
	o      *Oneshot[T]
	polled bool // at home: a Drop before that may be anywhere, and has nothing to end
}

func (a *oneshotRecvAbroad[T]) Poll(cx *rouse.Context) (T, error) {
	a.polled = true
	return a.o.Poll(cx)
}

func (a *oneshotRecvAbroad[T]) Drop() {
	if a.polled {
		a.o.forget()
	}
}
