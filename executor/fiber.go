package executor

import (
	"context"
	"runtime/debug"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
	"github.com/rouse-go/rouse/internal/coro"
	"github.com/rouse-go/rouse/internal/gid"
)

// SpawnFiber starts fn as a fiber of l: a task in direct style, which awaits by
// suspending a coroutine. Package fiber is the way users call it. The ctx that
// fn gets is derived from ctx and carries the fiber. From any goroutine. After
// Close the fiber is cancelled at once and fn is never called.
//
// If ctx is a fiber's own, the new fiber has the same parent: it outlives the
// fiber that started it, like any task. A ctx derived from a fiber's ends with
// the fiber, and so do the awaits under it.
//
//go:noinline
func SpawnFiber[T any](ctx context.Context, l *Local, fn func(context.Context) (T, error), opts ...Option) rouse.JoinHandle[T] {
	atHome := l.AtHome()
	f := newFiber(ctx, l, atHome, fn)
	home := l.queueAt(atHome).homeOf(opts, true)
	if f.home != home {
		f.home = home
	}
	f.site = siteOf(opts, callsite.Caller())
	r, j := rouse.NewLocalTask[T](f, home)
	r.SetSite(f.site)
	r.Schedule()
	return j
}

func newFiber[T any](ctx context.Context, l *Local, atHome bool, fn func(context.Context) (T, error)) *fiber[T] {
	var f *fiber[T]
	if atHome {
		f, _ = l.spare.get(keyOf((*fiber[T])(nil))).(*fiber[T])
	}
	if f == nil {
		f = new(fiber[T])
		f.main, f.l = f, l
	}
	f.fn = fn
	f.ctx = &fiberCtx{origin: l.originOf(ctx, atHome)}
	return f
}

// fiber is the future of a fiber. Its home is stackful: the loop switches to the
// coroutine itself, see Local.serve, and polls for the result only.
type fiber[T any] struct {
	fiberBody
	fn  func(context.Context) (T, error)
	out T
	err error
}

func (f *fiber[T]) call(ctx context.Context) (fine bool) {
	f.out, f.err = f.fn(ctx)
	return f.err == nil
}

func (f *fiber[T]) Poll(*rouse.Context) (T, error) {
	var none T
	switch {
	case f.caught != nil:
		f.letGo()
		panic(f.caught) // on the loop's stack now; it brings the fiber's with it
	case f.goexit:
		f.letGo()
		return none, rouse.ErrGoexit
	}
	out, err := f.out, f.err
	f.fn, f.out = nil, none
	if err != nil {
		f.err = nil
	}
	f.again()
	f.l.spare.put(f)
	if err == rouse.Pending {
		panic("rouse: a fiber returned Pending, which is no result; await what is pending")
	}
	return out, err
}

// fiberBody is a fiber without its types: what runs on the coroutine, and behind
// its context (in fiberctx.go) the rouse.Awaiter that suspends it.
//
// The loop's goroutine and the coroutine's take turns, handed over by Resume
// and Suspend, so the fields need no lock; no other goroutine touches them. One
// that has returned its result is used again.
type fiberBody struct {
	l    *Local
	main anyFiber
	ctx  *fiberCtx
	co   *coro.Coro // while it runs; then left as it is
	task rouse.Runnable
	home *rouse.Home // for reports
	site uintptr     // where it was spawned, for reports

	running  bool // it has started, and not ended
	endless  bool // the parent of ctx is known to have no end
	goexit   bool
	canceled bool // awaits fail now
	yields   bool // it is suspended, and wants its next turn
	caught   *caughtPanic

	dying *dying // if it outlived Drop
	watch *watch // if an await's ctx can end
}

// caughtPanic takes a panic from the fiber's stack to the loop's.
type caughtPanic struct {
	value any
	stack []byte
}

func (p *caughtPanic) Caught() (any, []byte) { return p.value, p.stack }

// unwinding is what an await panics with in a fiber that outstayed its grace.
type unwinding struct{}

// resume runs a fiber that is being cancelled until it suspends or ends, and
// reports whether it has ended.
func (f *fiberBody) resume() bool {
	f.l.fiber = f
	if f.co.Resume(); !f.co.Ended() {
		return false
	}
	f.end()
	return true
}

// end takes note that the fiber has ended, and gives back what it had.
func (f *fiberBody) end() {
	f.running = false
	f.goexit = f.co.Goexit() && f.caught == nil
	f.co.Release()
	if f.watch != nil {
		f.unfollow()
	}
	f.ctx.ended()
}

// letGo makes a fiber that has ended without a result unknown to those who would
// keep it, and all that its function refers to, until they have the next.
func (f *fiberBody) letGo() {
	f.co.Forget()
	if f.l.fiber == f {
		f.l.fiber = nil
	}
}

// start takes a coroutine for the fiber, whose task is r.
func (f *fiberBody) start(r rouse.Runnable) { f.startOn(f.l.coros.Start(f), r) }

func (f *fiberBody) startOn(c *coro.Coro, r rouse.Runnable) {
	f.running = true
	if f.co != c { // each pointer written is work for the collector
		f.co = c
	}
	if f.task != r {
		f.task = r
	}
}

// again makes a fiber that has returned its result as good as new.
func (f *fiberBody) again() {
	f.ctx = nil
	f.endless = false // a cancelled fiber returns no result
}

// RunOn is the coroutine's body: f, and those that follow it on the same stack.
func (f *fiberBody) RunOn(c *coro.Coro) {
	for fine := f.run(); fine; fine = f.run() {
		if f = f.heir(c); f == nil {
			return
		}
	}
}

// run calls the fiber's function, and reports whether it has returned, without
// an error.
func (f *fiberBody) run() (fine bool) {
	f.ctx.id.Store(gid.Identity())
	defer func() { // also in Goexit
		f.ctx.id.Store(hasEnded)
		if v := recover(); v != nil && v != (unwinding{}) {
			f.caught = &caughtPanic{v, debug.Stack()}
		}
	}()
	return f.main.call(f.ctx)
}
