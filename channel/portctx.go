package channel

import (
	"context"

	"github.com/rouse-go/rouse"
)

// Send sends v to peer `to`; it waits while the queue is full. It is for fibers
// of the port's executor, with the ctx they were given or one derived from it;
// elsewhere it panics. If ctx ends first it returns ctx.Err(), if this port or
// the receiver's is closed [ErrClosed]. After any error v has not been sent.
func (p *Port[T]) Send(ctx context.Context, to int, v T) error {
	a, err := p.fiber(ctx)
	if err != nil {
		return err
	}
	for {
		if err = p.PollSend(a.Context(), to, v); err != rouse.Pending {
			return err
		}
		if err = a.Suspend(ctx); err != nil {
			return err
		}
	}
}

// Recv receives the next message and says which peer sent it; it waits while
// there is none. Where it may be called is as for [Port.Send]. If ctx ends first
// it returns ctx.Err(), and no message is lost; when nothing can come any more,
// [ErrClosed].
func (p *Port[T]) Recv(ctx context.Context) (v T, from int, err error) {
	a, err := p.fiber(ctx)
	if err != nil {
		return v, 0, err
	}
	for {
		if v, from, err = p.PollRecv(a.Context()); err != rouse.Pending {
			return v, from, err
		}
		if err = a.Suspend(ctx); err != nil {
			return v, 0, err
		}
	}
}

// fiber returns the calling fiber, ready to await.
func (p *Port[T]) fiber(ctx context.Context) (rouse.Awaiter, error) {
	a := p.home.fiber(ctx)
	if a == nil {
		panic("rouse: channel: a Port of a Mesh was used elsewhere than in a fiber of its executor; use the Port of the executor that you are on")
	}
	return a, a.Begin(ctx)
}
