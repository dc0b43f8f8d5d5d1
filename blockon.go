package rouse

import (
	"context"
	"sync"
)

// BlockOn polls f on the calling goroutine until it has a result, and blocks
// the goroutine in between. f must belong to no executor. On a goroutine that
// runs an executor's loop it panics.
func BlockOn[T any](f Future[T]) (T, error) {
	return block(context.Background(), f)
}

// block is BlockOn with an end: when ctx ends first, f is dropped.
func block[T any](ctx context.Context, f Future[T]) (v T, err error) {
	mustNotBeOnLoop("BlockOn or Await")
	spent := false
	defer func() {
		if !spent {
			dropFuture(f)
		}
	}()
	if err = ctx.Err(); err != nil {
		return v, err
	}
	p := parkers.Get().(*parked)
	select { // left from the last time
	case <-p.token:
	default:
	}
	cx := p.cx
	for {
		cx.budget = budgetPerPoll
		v, err = f.Poll(cx)
		if !isPending(err) {
			if err != nil {
				mustNotWrapPending(err, f) // if it does, f may hold registrations: dropped
			}
			spent = true
			parkers.Put(p)
			return v, err
		}
		select {
		case <-p.token:
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

// parked is a goroutine that waits for a token; any number of wakes before it
// looks are one. A waker that was kept from an earlier wait costs the present one
// a poll.
type parked struct {
	token chan struct{}
	cx    *Context
}

// parkers keeps what goroutines have waited with, so that waiting allocates
// nothing.
var parkers = sync.Pool{New: func() any {
	p := &parked{token: make(chan struct{}, 1)}
	p.cx = NewContext(NewWaker(p))
	return p
}}

func (p *parked) WakeByRef() {
	select {
	case p.token <- struct{}{}:
	default:
	}
}

func mustNotBeOnLoop(what string) {
	if OnLoop() {
		panic("rouse: " + what + " on a goroutine that runs an executor would stop every task of it; poll the future instead, or use a fiber")
	}
}
