package executor

import (
	"context"
	"runtime"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/census"
)

// sharedLife is the part of a Shared that runs, stops and closes it.
type sharedLife struct {
	atomics.Mutex
	inside  bool   // a run is going on, or Close is at work
	run     uint64 // how many runs there were
	stop    bool   // Stop was called for this run, or between runs for the next
	close   bool   // it is to be closed by the run that is going on
	closed  bool   // it is all over
	closing error  // what Close returns
	done    chan struct{}
	workers sync.WaitGroup
	cx      *rouse.Context // of Close
}

// Run starts the workers and waits until ctx ends, or [Shared.Stop] or Close is
// called; then the workers finish the polls that are going on, and end. It
// returns ctx's error in the first case, nil in the others, and may be called
// again, from any goroutine that runs no executor, unless the executor was
// closed: then it returns [rouse.ErrClosed].
//
// If a detached task panicked and there is no SharedConfig.OnPanic, Run drops all
// tasks, closes the executor and panics with the task's [*rouse.PanicError]. A
// poll that calls runtime.Goexit ends its task with [rouse.ErrGoexit] and nothing
// else: another goroutine takes its worker's place.
func (s *Shared) Run(ctx context.Context) error {
	if rouse.OnLoop() {
		panic("rouse: Run of an executor on a goroutine that runs one already; start it on a goroutine of its own")
	}
	lf := &s.life
	lf.Lock()
	switch {
	case lf.closed || lf.close:
		lf.Unlock()
		return rouse.ErrClosed
	case lf.inside:
		lf.Unlock()
		panic("rouse: the executor " + s.cfg.Name + " is running already; spawn tasks into it instead of running it twice")
	}
	lf.inside = true
	lf.run++
	run := lf.run
	s.halt.Store(lf.stop)
	lf.Unlock()
	stop := context.AfterFunc(ctx, func() { s.stopRun(run) })
	defer stop()
	lf.workers.Add(len(s.workers))
	for _, w := range s.workers {
		go w.main()
	}
	lf.workers.Wait()
	s.leave()
	return ctx.Err()
}

// leave ends a run.
func (s *Shared) leave() {
	lf := &s.life
	lf.Lock()
	s.panics.Lock()
	fatal := s.book.fatal
	s.panics.Unlock()
	lf.close = lf.close || fatal != nil
	if lf.close { // inside stays set until all is over
		lf.Unlock()
		s.finish()
		if fatal != nil {
			panic(fatal)
		}
		return
	}
	lf.inside, lf.stop = false, false
	lf.Unlock()
}

// Stop ends the Run that is going on, or else the next one, as soon as the polls
// that are going on have returned. From anywhere, any number of times; after
// Close it does nothing.
func (s *Shared) Stop() {
	s.life.Lock()
	defer s.life.Unlock()
	s.life.stop = true
	if s.life.inside {
		s.stopNow()
	}
}

// stopRun is Stop for one run: it does nothing if that is over.
func (s *Shared) stopRun(run uint64) {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.inside && s.life.run == run {
		s.life.stop = true
		s.stopNow()
	}
}

// stopNow has the workers end.
func (s *Shared) stopNow() {
	s.halt.Store(true) // pairs with the Loads in main and park
	s.unparkAll()
}

// Close ends the executor: every task is dropped, once, and its awaiter gets
// [rouse.ErrCanceled]. Jobs of [Blocking] that run already run on, and nobody
// waits for them but [Shared.WaitBlocking]. It returns the panics that no handle
// has handed out, joined. Closing again returns the same. Afterwards a run returns
// [rouse.ErrClosed], and what is spawned is cancelled at once.
//
// From any goroutine: it asks the Run that is going on to do it, and waits; if
// none is going on it closes there and then. Inside a task, of whatever executor,
// it returns an error: call [Shared.Stop] there.
func (s *Shared) Close() error {
	onLoop := rouse.OnLoop()
	lf := &s.life
	lf.Lock()
	switch {
	case lf.closed:
		defer lf.Unlock()
		return lf.closing
	case onLoop:
		lf.Unlock()
		return errCloseInside
	case lf.inside:
		lf.close = true
		s.stopNow()
		lf.Unlock()
		<-lf.done
		return lf.closing
	}
	lf.inside, lf.close = true, true // nobody else may run it now
	lf.Unlock()
	s.finish()
	return lf.closing
}

// finish closes, with no worker running, and lets everybody know.
func (s *Shared) finish() {
	lf := &s.life
	defer func() { // also if a waker that isn't ours panics
		s.panics.Lock()
		err := s.book.untaken()
		s.panics.Unlock()
		lf.Lock()
		lf.inside, lf.closed, lf.closing = false, true, err
		lf.Unlock()
		census.Executors.Add(-1)
		close(lf.done)
	}()
	s.starts.Lock()
	s.ended = true
	s.starts.Unlock()
	loop := rouse.NewLoop(func() {}, nil)
	lf.cx = rouse.NewExecutorContext(s, nil)
	loop.Enter()
	defer func() {
		loop.Close(lf.cx)
		loop.Leave()
	}()
	for !s.cancelAll() {
		s.drain()
		runtime.Gosched() // for whoever has taken a task and not passed it on yet
	}
	s.blocking.close()
}

// cancelAll aborts every task and reports whether none is left.
func (s *Shared) cancelAll() bool {
	over := s.live.abort()
	for _, w := range s.workers {
		over = w.live.abort() && over
	}
	return over
}

// drain drops the tasks that are in a queue.
func (s *Shared) drain() {
	cx := s.life.cx
	for {
		r, ok := s.queue.Pop()
		for _, w := range s.workers {
			if ok {
				break
			}
			if r, ok = w.queue.Pop(); !ok && !w.next.IsZero() {
				r, ok = w.next, true
				w.next = rouse.Runnable{}
			}
		}
		if !ok {
			return
		}
		r.Run(cx)
	}
}
