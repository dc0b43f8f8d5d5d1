package executor

import (
	"context"
	"reflect"
	"runtime/debug"
	"sync"

	"github.com/rouse-go/rouse"
)

// Blocking runs fn, which may block, on a goroutine of its own, and waits for
// its result: in a fiber by suspending the fiber, in a goroutine by blocking
// it. At most Config.BlockingWorkers run at once; further ones queue. If ctx
// ends first, Blocking returns its error: fn runs to its end all the same if it
// has started, and else never starts. A panic in fn comes back as a
// [*rouse.PanicError], a Goexit as [rouse.ErrGoexit], and if the executor has
// closed the result is [rouse.ErrCanceled] or [rouse.ErrClosed]. Then, too, a fn
// that has started runs on, beyond Close; [Local.WaitBlocking] waits for it.
//
// If ctx carries no executor of this package, the caller may block, and fn is
// simply called. From any goroutine but one that polls: there use
// [BlockingFuture].
func Blocking[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	ex, ok := rouse.ExecutorFrom(ctx).(interface {
		rouse.Executor
		BlockingHost
	})
	if !ok {
		return fn()
	}
	return rouse.AwaitOn(ctx, ex, BlockingFuture(ex, fn))
}

// BlockingFuture is Blocking in poll form: fn starts at the first poll, on a
// goroutine of ex's pool. It may be made anywhere and polled on any executor, or
// by [rouse.BlockOn]. If it is dropped before fn has started, fn never does.
func BlockingFuture[T any](ex BlockingHost, fn func() (T, error)) rouse.Future[T] {
	return &blockingJob[T]{pool: ex.blockingPool(), fn: fn}
}

// blockingJob is a function on its way through the pool, and the future of its
// result.
type blockingJob[T any] struct {
	pool *blockingPool

	mu    sync.Mutex // between who polls and the worker
	state jobState
	fn    func() (T, error) // nil once it runs, or never shall
	waker rouse.Waker
	out   T
	err   error
}

type jobState uint8

const (
	jobNew     jobState = iota
	jobSent             // to the pool: queued or running
	jobDone             // the result stands in out and err
	jobOver             // and was handed out
	jobDropped          // nobody wants it
)

// Poll returns what fn has returned.
func (b *blockingJob[T]) Poll(cx *rouse.Context) (v T, err error) {
	b.mu.Lock()
	switch b.state {
	case jobOver, jobDropped:
		b.mu.Unlock()
		panic("rouse: " + reflect.TypeOf(b).String() + " polled after its result")
	case jobDone:
		v, err = b.out, b.err
		var none T
		b.out, b.err, b.state = none, nil, jobOver
		b.mu.Unlock()
		return v, err
	}
	if !cx.WillWake(b.waker) {
		b.waker.Drop()
		b.waker = cx.Waker()
	}
	isNew := b.state == jobNew
	b.state = jobSent
	b.mu.Unlock() // before the worker, if it is quick, wants it
	if isNew && !b.pool.run(b) {
		b.Drop()
		return v, rouse.ErrClosed
	}
	return v, rouse.Pending
}

// Drop gives up the result; a job that has not started never will.
func (b *blockingJob[T]) Drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var none T
	b.out, b.err, b.fn, b.state = none, nil, nil, jobDropped
	b.waker.Drop()
	b.waker = rouse.Waker{}
}

func (b *blockingJob[T]) work() {
	b.mu.Lock()
	fn := b.fn
	b.fn = nil
	b.mu.Unlock()
	if fn == nil {
		return // dropped
	}
	var out T
	err := rouse.ErrGoexit // unless fn returns or panics
	defer func() {
		if v := recover(); v != nil {
			err = &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "blocking"}
		}
		b.settle(out, err)
	}()
	out, err = fn()
}

func (b *blockingJob[T]) refuse() {
	var none T
	b.settle(none, rouse.ErrClosed)
}

func (b *blockingJob[T]) settle(out T, err error) {
	b.mu.Lock()
	w := b.waker
	if b.state == jobSent {
		b.out, b.err, b.state = out, err, jobDone
		b.waker, b.fn = rouse.Waker{}, nil
	}
	b.mu.Unlock()
	w.Wake()
}
