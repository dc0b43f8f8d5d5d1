package executor

import (
	"context"
	"runtime/debug"
	"sync"

	"github.com/rouse-go/rouse"
)

// Blocking runs fn, which may block, on a goroutine of its own, and waits for
// its result: in a fiber by suspending the fiber, in a goroutine by blocking
// it. At most Config.BlockingWorkers run at once; further ones queue. If ctx
// ends first, Blocking returns its error, and fn, if it has started, runs to
// its end all the same. A panic in fn comes back as a [*rouse.PanicError].
//
// If ctx carries no Local, the caller may block, and fn is simply called.
func Blocking[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	l := FromContext(ctx)
	if l == nil {
		return fn()
	}
	return rouse.AwaitOn(ctx, l, BlockingFuture(l, fn))
}

// BlockingFuture is Blocking in poll form. fn starts at the first poll.
func BlockingFuture[T any](l *Local, fn func() (T, error)) rouse.Future[T] {
	return &blockingJob[T]{pool: &l.blocking, fn: fn}
}

// blockingPool runs jobs on goroutines that end when they find no more work.
type blockingPool struct {
	limit int

	mu      sync.Mutex
	running int
	queue   []func()
	closed  bool
}

// run has job run soon; false after close.
func (p *blockingPool) run(job func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return false
	case p.running < p.limit:
		p.running++
		go p.work(job)
	default:
		p.queue = append(p.queue, job)
	}
	return true
}

func (p *blockingPool) work(job func()) {
	defer func() {
		if job == nil {
			return
		}
		if job = p.next(); job != nil { // a job called Goexit and takes this goroutine with it
			go p.work(job)
		}
	}()
	for job != nil {
		job()
		job = p.next()
	}
}

func (p *blockingPool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		p.running--
		return nil
	}
	job := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return job
}

// close drops what is queued. What runs can't be stopped and isn't waited for.
func (p *blockingPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.queue = nil
}

type blockingJob[T any] struct {
	pool    *blockingPool
	fn      func() (T, error)
	started bool // home only

	mu      sync.Mutex // between home and the worker
	waker   rouse.Waker
	dropped bool
	done    bool
	out     T
	err     error
}

func (b *blockingJob[T]) Poll(cx *rouse.Context) (v T, err error) {
	b.mu.Lock()
	if b.done {
		defer b.mu.Unlock()
		return b.out, b.err
	}
	if !cx.WillWake(b.waker) {
		b.waker.Drop()
		b.waker = cx.Waker()
	}
	b.mu.Unlock()
	if !b.started {
		b.started = true
		if !b.pool.run(b.work) {
			return v, rouse.ErrClosed
		}
	}
	return v, rouse.Pending
}

// Drop gives up the result; a job that has not started never will.
func (b *blockingJob[T]) Drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped = true
	b.waker.Drop()
	b.waker = rouse.Waker{}
}

func (b *blockingJob[T]) work() {
	b.mu.Lock()
	skip := b.dropped
	b.mu.Unlock()
	if skip {
		return
	}
	var out T
	err := rouse.ErrGoexit // unless fn returns or panics
	defer func() {
		if v := recover(); v != nil {
			err = &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "blocking"}
		}
		b.settle(out, err)
	}()
	out, err = b.fn()
}

func (b *blockingJob[T]) settle(out T, err error) {
	b.mu.Lock()
	b.out, b.err, b.done = out, err, true
	w := b.waker
	b.waker = rouse.Waker{}
	b.mu.Unlock()
	w.Wake()
}
