package executor

import (
	"context"
	"runtime"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/gid"
)

// Run runs tasks until ctx ends, or [Local.Stop] or Close is called. It returns
// ctx's error in the first case, nil in the others, and may be called again
// unless the executor was closed. The first run decides which goroutine runs
// the executor; on Linux it locks that goroutine to its thread until Close. A
// run from another goroutine, or inside another executor, panics.
//
// If a detached task panicked and there is no Config.OnPanic, Run drops all
// tasks, closes the executor and panics with the task's [*rouse.PanicError].
func (l *Local) Run(ctx context.Context) error {
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, l.Stop)
		defer stop()
	}
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	for l.work(); !l.halt; l.work() {
		l.rest(driver.Forever)
	}
	return ctx.Err()
}

// RunUntilIdle runs tasks until none is runnable and no timer or operation is
// ready now. It does not sleep.
func (l *Local) RunUntilIdle() error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	for l.work(); !l.halt; l.work() {
		if l.rest(0) == 0 && l.active.pick() == nil && !l.loop.HasMail() && len(l.dying) == 0 {
			break
		}
	}
	return nil
}

// RunUntil spawns f into the main queue and runs tasks until it has its result,
// which it returns. Other tasks stay as they are. Stop ends it early: f is
// cancelled, and the result is [rouse.ErrCanceled].
func RunUntil[T any](l *Local, f rouse.Future[T]) (T, error) {
	if err := l.enter(); err != nil {
		var none T
		return none, err
	}
	defer l.leave()
	j := SpawnInto(l.main, f)
	for l.work(); !j.IsFinished() && !l.halt; l.work() {
		l.rest(driver.Forever)
	}
	for !j.IsFinished() { // Stop
		j.Abort()
		l.work()
	}
	return j.Poll(l.cx)
}

// work is the first half of a turn, see the package comment: everything up to
// the polls.
func (l *Local) work() {
	l.loop.Deliver(l.cx)
	l.now = l.drv.Now()
	if l.clock.Len() > 0 {
		l.clock.Fire(l.now)
	}
	if q := l.active.pick(); q != nil {
		l.serve(q)
		l.active.served(q)
	}
	if len(l.dying) > 0 {
		l.reap()
	}
	if l.fatal != nil {
		l.die()
	}
}

// rest is the second half: it drives I/O and, if there is nothing to do, sleeps
// until `until` at most. It returns how many operations have completed.
func (l *Local) rest(until int64) int {
	switch {
	case l.active.pick() != nil || len(l.dying) > 0:
		until = 0
	case until != 0:
		if next, ok := l.clock.Next(); ok && next < until {
			until = next
		}
		if l.cfg.Spin > 0 {
			l.spin(until)
		}
	}
	n, err := l.drv.Park(until)
	if err != nil {
		l.cfg.Log.Error("rouse: driver failed; executor ends", "executor", l.cfg.Name, "driver", l.drv.Name(), "err", err)
		l.fatal = &rouse.PanicError{Value: err, Name: l.cfg.Name}
		l.die()
	}
	return n
}

// serve polls up to a batch of q's tasks, those re-queued meanwhile included.
func (l *Local) serve(q *Queue) {
	l.current = q
	for n := 0; n < batch && !q.head.IsZero(); n++ {
		r := q.pop()
		if r.Run(l.cx) == rouse.Panicked {
			l.panicked(r.Panic())
			if l.fatal != nil {
				break
			}
		}
	}
	l.current = nil
}

// spin looks for mail for a while before the loop sleeps.
func (l *Local) spin(until int64) {
	if runtime.GOMAXPROCS(0) == 1 {
		return
	}
	end := l.drv.Now() + int64(l.cfg.Spin)
	if end > until {
		end = until
	}
	for i := 0; !l.loop.HasMail(); i++ {
		if i%64 == 63 && l.drv.Now() >= end {
			return
		}
		if !l.locks() {
			runtime.Gosched()
		}
	}
}

// enter begins a run.
func (l *Local) enter() error {
	g := gid.Get()
	lf := &l.life
	lf.Lock()
	defer lf.Unlock()
	switch {
	case lf.closed || lf.close:
		return rouse.ErrClosed
	case lf.inside:
		panic("rouse: the executor " + l.cfg.Name + " is running already; spawn tasks into it instead of running it twice")
	case lf.owner != 0 && lf.owner != g:
		panic("rouse: the executor " + l.cfg.Name + " was run by another goroutine before; run it where it was first run")
	}
	first := lf.owner == 0
	l.loop.Enter() // panics on a goroutine that runs an executor
	if first {
		lf.owner = g
		if l.locks() {
			runtime.LockOSThread()
		}
		if l.cfg.CPU > 0 {
			if err := pin(l.cfg.CPU - 1); err != nil {
				l.loop.Leave()
				return err
			}
		}
	}
	lf.inside = true
	l.halt = lf.stop
	return nil
}

// leave ends a run; deferred, so that it also ends one that panics or exits.
func (l *Local) leave() {
	lf := &l.life
	lf.Lock()
	lf.inside = false
	lf.stop = false
	closing := lf.close && !lf.closed
	lf.Unlock()
	l.loop.Leave()
	l.current = nil
	if closing {
		l.Close()
	}
}

// locks reports whether the loop's goroutine is to be locked to its thread:
// the portable driver parks on a channel, which a locked goroutine must not.
func (l *Local) locks() bool {
	t, ok := l.drv.(interface{ NeedsThread() bool })
	return ok && t.NeedsThread()
}

// Stop ends the Run that is going on, or else the next one, as soon as the
// polls that are due now are through. From anywhere.
func (l *Local) Stop() {
	l.life.Lock()
	l.life.stop = true
	l.life.Unlock()
	_ = l.loop.Inject(func(*rouse.Context) { l.halt = l.stopped() }) // closed: nothing to stop
}

// stopped reports whether Stop was called for this run.
func (l *Local) stopped() bool {
	l.life.Lock()
	defer l.life.Unlock()
	return l.life.stop || l.life.close
}
