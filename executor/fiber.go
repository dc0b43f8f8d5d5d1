package executor

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
	"github.com/rouse-go/rouse/internal/coro"
	"github.com/rouse-go/rouse/internal/gid"
)

// SpawnFiber starts fn as a fiber of l: a task in direct style, which awaits by
// suspending a coroutine. Package fiber is the way users call it. The ctx that
// fn gets is derived from ctx and carries the fiber. From any goroutine.
//
//go:noinline
func SpawnFiber[T any](ctx context.Context, l *Local, fn func(context.Context) (T, error), opts ...Option) rouse.JoinHandle[T] {
	r, j := rouse.NewLocalTask(newFiber(ctx, l, fn), l.queueHere().homeOf(opts))
	r.SetSite(callsite.Caller())
	r.Schedule()
	return j
}

func newFiber[T any](ctx context.Context, l *Local, fn func(context.Context) (T, error)) rouse.Future[T] {
	f := &fiber[T]{fn: fn}
	f.l, f.parent, f.main = l, ctx, f
	return f
}

// fiber is the future of a fiber: each poll resumes its coroutine.
type fiber[T any] struct {
	fiberBody
	fn  func(context.Context) (T, error)
	out T
	err error
}

func (f *fiber[T]) call(ctx context.Context) { f.out, f.err = f.fn(ctx) }

func (f *fiber[T]) Poll(cx *rouse.Context) (T, error) {
	var none T
	if !f.resume(cx) {
		return none, rouse.Pending
	}
	switch {
	case f.caught != nil:
		panic(f.caught) // on the loop's stack now; it brings the fiber's with it
	case f.goexit:
		return none, rouse.ErrGoexit
	}
	return f.out, f.err
}

// fiberBody is a fiber without its types: what runs on the coroutine, the
// rouse.Awaiter that suspends it, and (in fiberctx.go) its context.Context.
//
// The loop's goroutine and the coroutine's take turns, handed over by Resume
// and Suspend, so the fields need no lock. Other goroutines that hold the ctx
// look at parent, id and the lazily made inner context only.
type fiberBody struct {
	l      *Local
	parent context.Context
	main   interface{ call(context.Context) }
	co     *coro.Coro
	id     uintptr        // the goroutine that runs it; written before fn starts
	cx     *rouse.Context // of the poll that is going on

	ended    bool
	goexit   bool
	caught   *caughtPanic
	canceled bool  // awaits fail now
	unwind   bool  // awaits panic now
	deadline int64 // when unwind begins

	watch watch
	inner innerContext
}

// caughtPanic takes a panic from the fiber's stack to the loop's.
type caughtPanic struct {
	value any
	stack []byte
}

func (p *caughtPanic) Caught() (any, []byte) { return p.value, p.stack }

// unwinding is what an await panics with in a fiber that outstayed its grace.
type unwinding struct{}

// resume runs the fiber until it suspends or ends, and reports whether it has
// ended.
func (f *fiberBody) resume(cx *rouse.Context) bool {
	f.cx = cx
	if f.co == nil {
		f.co = f.l.coros.Start(f)
	}
	ended := f.co.Resume()
	f.l.loop.SwitchOut()
	f.cx = nil
	if !ended {
		return false
	}
	f.goexit = f.co.Goexit()
	f.co.Release()
	f.co = nil
	f.watch.stop()
	f.inner.cancel()
	return true
}

// RunOn is the coroutine's body.
func (f *fiberBody) RunOn(*coro.Coro) {
	f.id = gid.Identity()
	f.l.loop.SwitchIn()
	defer func() { // also in Goexit
		f.ended = true
		if v := recover(); v != nil && v != (unwinding{}) {
			f.caught = &caughtPanic{v, debug.Stack()}
		}
	}()
	f.main.call(f)
}

// Drop cancels the fiber: its awaits fail from now on, so that its deferred
// calls run. Nearly every fiber ends here and now; one that goes on awaiting
// is left to the loop's reaper.
func (f *fiberBody) Drop() {
	if f.co == nil || f.ended {
		return
	}
	f.canceled = true
	f.inner.cancel()
	for range 16 {
		if f.resume(f.l.cx) {
			f.lastWords()
			return
		}
	}
	f.deadline = f.l.drv.Now() + int64(f.l.cfg.Grace)
	f.l.dying = append(f.l.dying, f)
}

// lastWords logs a panic of a cancelled fiber: nobody else will hear of it.
func (f *fiberBody) lastWords() {
	if p := f.caught; p != nil {
		f.l.cfg.Log.Error("rouse: a cancelled fiber panicked", "executor", f.l.cfg.Name, "panic", fmt.Sprint(p.value), "stack", string(p.stack))
	}
}

// reap resumes cancelled fibers that have not ended: once a turn while their
// grace lasts, then with awaits that panic, and then never again.
func (l *Local) reap() {
	now := l.drv.Now()
	keep := l.dying[:0]
	for _, f := range l.dying {
		f.unwind = now >= f.deadline
		switch ended := f.resume(l.cx); {
		case ended:
			f.lastWords()
		case f.unwind:
			f.co.Abandon()
			l.cfg.Log.Error("rouse: a cancelled fiber resists and is abandoned; let it return when an await fails",
				"executor", l.cfg.Name)
		default:
			keep = append(keep, f)
		}
	}
	clear(l.dying[len(keep):])
	l.dying = keep
}

// reapAll waits for the end of every cancelled fiber, Config.Grace at most.
func (l *Local) reapAll() {
	for len(l.dying) > 0 {
		l.reap()
		if len(l.dying) > 0 {
			time.Sleep(time.Millisecond) // nothing else runs any more
		}
	}
}
