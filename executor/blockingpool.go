package executor

import (
	"context"
	"sync"

	"github.com/rouse-go/rouse"
)

// A BlockingHost is an executor of this package: a [Local] or a [Shared].
type BlockingHost interface{ blockingPool() *blockingPool }

func (l *Local) blockingPool() *blockingPool  { return &l.blocking }
func (s *Shared) blockingPool() *blockingPool { return &s.blocking }

// RunBlocking has fn called soon on a goroutine of the pool that Blocking uses;
// nobody waits for it. Packages that must not import this one find it by a type
// assertion. From any goroutine. After Close it returns [rouse.ErrClosed], and a
// fn that Close finds queued is never called. fn must not panic: that ends the
// process, since nobody would hear of it.
func (l *Local) RunBlocking(fn func()) error {
	if !l.blocking.run(bareJob(fn)) {
		return rouse.ErrClosed
	}
	return nil
}

// WaitBlocking waits until no function runs that was given to [Blocking],
// [BlockingFuture] or [Local.RunBlocking], and none is queued. Close starts no
// more of them and waits for none, since any may take for ever: who has to know
// that they have let go of what they use calls WaitBlocking after it, with a ctx
// that says how long that may take. It returns nil, or ctx's error if ctx ends
// first. From any goroutine that may block: on one that runs an executor it
// panics.
func (l *Local) WaitBlocking(ctx context.Context) error { return l.blocking.wait(ctx) }

// WaitBlocking is as [Local.WaitBlocking].
func (s *Shared) WaitBlocking(ctx context.Context) error { return s.blocking.wait(ctx) }

// A bareJob is a function that nobody waits for.
type bareJob func()

func (fn bareJob) work() { fn() }
func (bareJob) refuse()  {}

// blockingPool runs jobs on goroutines that end when they find no more work.
type blockingPool struct {
	limit int

	mu      sync.Mutex
	running int
	queue   []poolJob // empty unless limit run
	closed  bool
	idle    chan struct{} // closed when the last ends; nil unless somebody waits for that
}

// poolJob is a blockingJob without its type.
type poolJob interface {
	work()
	refuse()
}

// run has job run soon; false after close.
func (p *blockingPool) run(job poolJob) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return false
	case p.running < p.limit:
		p.running++
		go p.serve(job)
	default:
		p.queue = append(p.queue, job)
	}
	return true
}

// serve runs job and what is queued after it.
func (p *blockingPool) serve(job poolJob) {
	defer func() {
		if job == nil {
			return
		}
		if job = p.next(); job != nil { // a job called Goexit and takes this goroutine with it
			go p.serve(job)
		}
	}()
	for job != nil {
		job.work()
		job = p.next()
	}
}

func (p *blockingPool) next() poolJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		if p.running--; p.running == 0 && p.idle != nil {
			close(p.idle)
			p.idle = nil
		}
		return nil
	}
	job := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return job
}

// close refuses what is queued: a future of it may be waited for elsewhere.
// What runs can't be stopped and isn't waited for.
func (p *blockingPool) close() {
	p.mu.Lock()
	queue := p.queue
	p.queue, p.closed = nil, true
	p.mu.Unlock()
	for _, job := range queue {
		job.refuse()
	}
}

// wait waits until nothing runs.
func (p *blockingPool) wait(ctx context.Context) error {
	if rouse.OnLoop() {
		panic("rouse: WaitBlocking on a goroutine that runs an executor would stop that; call it elsewhere, or when Run has returned")
	}
	p.mu.Lock()
	if p.running == 0 {
		p.mu.Unlock()
		return nil
	}
	if p.idle == nil {
		p.idle = make(chan struct{})
	}
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
