package executor

import (
	"context"
	"runtime"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/callsite"
)

// Run runs tasks until ctx ends, or [Local.Stop] or Close is called. It returns
// ctx's error in the first case, nil in the others, and may be called again
// unless the executor was closed: then it returns [rouse.ErrClosed]. The first
// run decides which goroutine runs the executor; on Linux it locks that
// goroutine to its thread until Close. A run from another goroutine, or inside
// a task of this or another executor, panics.
//
// If a detached task panicked and there is no Config.OnPanic, Run drops all
// tasks, closes the executor and panics with the task's [*rouse.PanicError]. If
// a poll calls runtime.Goexit (t.FailNow does), the task ends with
// [rouse.ErrGoexit], and since the goroutine that polls is exiting, the executor
// is closed on the way; a fiber that does so ends alone.
func (l *Local) Run(ctx context.Context) error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	if ctx.Done() != nil {
		run := l.life.run
		stop := context.AfterFunc(ctx, func() { l.stopRun(run) })
		defer stop()
		l.halt = l.halt || ctx.Err() != nil
	}
	for l.work(); !l.halt; l.work() {
		l.rest(driver.Forever)
	}
	l.returned = true
	return ctx.Err()
}

// RunUntilIdle runs tasks until none is runnable and no timer or operation is
// ready now. It does not sleep. Where, and what else it does, is as for
// [Local.Run].
func (l *Local) RunUntilIdle() error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	for l.work(); !l.halt; l.work() {
		if l.rest(0) == 0 && l.active.pick() == nil && !l.loop.HasMail() && l.next() > l.drv.Now() {
			break
		}
	}
	l.returned = true
	return nil
}

// RunUntil spawns f into the main queue and runs tasks until it has its result,
// which it returns. Other tasks stay as they are. Stop ends it early: f is
// cancelled, and the result is [rouse.ErrCanceled]; a Close from elsewhere does
// so, too. If f panics, the result is a [*rouse.PanicError]. Where, and what
// else it does, is as for [Local.Run].
//
//go:noinline
func RunUntil[T any](l *Local, f rouse.Future[T]) (T, error) {
	return runUntil(l, f, l.main.home, callsite.Caller())
}

func runUntil[T any](l *Local, f rouse.Future[T], home *rouse.Home, site uintptr) (v T, err error) {
	if err := l.enter(); err != nil {
		if d, ok := f.(rouse.Dropper); ok {
			d.Drop()
		}
		return v, err
	}
	defer l.leave()
	r, j := rouse.NewLocalTask(f, home)
	r.SetSite(site)
	r.Schedule()
	// Somebody waits for it, namely we: a panic in f is the caller's to see.
	cx := l.cx.Derive(new(rouse.Context), rouse.NewWaker(&awaited))
	_, _ = j.Poll(cx)
	for l.work(); !j.IsFinished() && !l.halt; l.work() {
		l.rest(driver.Forever)
	}
	for !j.IsFinished() { // Stop
		j.Abort()
		l.work()
	}
	v, err = j.Poll(cx)
	l.returned = true
	return v, err
}

// awaited is who awaits the future of RunUntil: the loop, which looks at it
// every turn and needs no waking.
var awaited noWake

type noWake struct{ _ byte }

func (*noWake) WakeByRef() {}

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
	if len(l.dying) > 0 && l.now >= l.reapAt {
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
	case l.active.pick() != nil:
		until = 0
	case until != 0:
		until = min(until, l.next())
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

// next returns when the loop has something to do even if nothing happens.
func (l *Local) next() int64 {
	next, ok := l.clock.Next()
	if !ok {
		next = driver.Forever
	}
	if len(l.dying) > 0 {
		next = min(next, l.reapAt)
	}
	return next
}

// serve polls up to a batch of q's tasks, those re-queued meanwhile included.
func (l *Local) serve(q *Queue) {
	l.current = q
	for left := batch; left > 0 && !q.head.IsZero(); {
		left--
		r := q.pop()
		var out rouse.Outcome
		if !r.IsStackful() {
			out = r.Run(l.cx)
		} else if r.Begin(l.cx) {
			f := fiberOf(r)
			if !f.running {
				f.start(r)
			}
			l.fiber, l.left = f, left
			if next, yield := f.co.Enter(); next != nil { // what Resume does, and a frame less
				next()
			} else {
				yield(struct{}{})
			}
			f, left, l.left = l.fiber, l.left, 0 // f may have passed it on
			r, out = f.task, f.back()
		}
		if out == rouse.Panicked {
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
	if runtime.GOMAXPROCS(0) == 1 || runtime.NumCPU() == 1 { // a Pool raises the first
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
