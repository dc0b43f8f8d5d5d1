package channel

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A ctx form that is called elsewhere than in a fiber of the home sends a future
// there, and its ctx may end while the future, at home, gets its result. One of
// the two must win, or an element is taken that nobody gets. The deal decides:
// whoever turns it first. The future turns it just before it takes or puts the
// element; if it comes too late it does neither, as if dropped.
type deal struct{ word atomics.Uint32 }

const (
	open uint32 = iota
	done        // by the future: what it wrote before is the caller's
	off         // by the caller
)

func (d *deal) close() bool  { return d.word.CompareAndSwap(open, done) } // pairs with cancel
func (d *deal) cancel() bool { return d.word.CompareAndSwap(open, off) }  // pairs with close

type recvAbroad[T any] struct {
	deal deal
	f    BoundedRecv[T]
	v    T
}

func (c *Bounded[T]) recvAbroad(ctx context.Context) (T, error) {
	a := &recvAbroad[T]{f: c.RecvFuture()}
	v, err := rouse.AwaitOn[T](ctx, c.home.of(ctx), a)
	if err != nil && !a.deal.cancel() {
		return a.v, nil
	}
	return v, err
}

func (a *recvAbroad[T]) Poll(cx *rouse.Context) (v T, err error) {
	if err = a.f.ready(cx); err != nil {
		return v, err
	}
	c := a.f.c
	a.v = c.ring[c.head]
	if !a.deal.close() {
		a.v = v
		a.f.Drop()
		return v, rouse.ErrCanceled
	}
	return a.f.take(), nil
}

func (a *recvAbroad[T]) Drop() { a.f.Drop() }

type sendAbroad[T any] struct {
	deal deal
	f    BoundedSend[T]
}

func (c *Bounded[T]) sendAbroad(ctx context.Context, v T) error {
	a := &sendAbroad[T]{f: c.SendFuture(v)}
	_, err := rouse.AwaitOn[struct{}](ctx, c.home.of(ctx), a)
	if err != nil && !a.deal.cancel() {
		return nil
	}
	return err
}

func (a *sendAbroad[T]) Poll(cx *rouse.Context) (none struct{}, err error) {
	if err = a.f.ready(cx); err != nil {
		return none, err
	}
	if !a.deal.close() {
		a.f.Drop()
		return none, rouse.ErrCanceled
	}
	a.f.put()
	return none, nil
}

func (a *sendAbroad[T]) Drop() { a.f.Drop() }
