package rouse

import "context"

// An Awaiter is what a fiber lets [Await] know of it. Users don't implement it.
type Awaiter interface {
	// Executor returns the executor that runs the fiber.
	Executor() Executor
	// Current reports whether the caller is the fiber itself, decided by
	// goroutine identity: a ctx may have travelled to another goroutine.
	Current() bool
	// Begin prepares an await: it returns an error if the fiber was cancelled
	// or ctx has ended, and sees to it that the end of ctx wakes the fiber.
	Begin(ctx context.Context) error
	// Context returns the Context to poll with, good until the next Suspend.
	Context() *Context
	// Suspend gives the turn back to the executor until the fiber is woken. An
	// error means that the await must end with it.
	Suspend(ctx context.Context) error
}

type carrierKey struct{}

// WithExecutor returns a ctx that carries ex: Await and the ctx forms of things
// that belong nowhere in particular send their work there.
func WithExecutor(ctx context.Context, ex Executor) context.Context {
	return context.WithValue(ctx, carrierKey{}, ex)
}

// IsCarrierKey reports whether key is the one under which a ctx carries its
// executor or its [Awaiter]: a fiber's ctx answers it with itself.
func IsCarrierKey(key any) bool { return key == carrierKey{} }

// ExecutorFrom returns the executor that ctx carries, or nil.
func ExecutorFrom(ctx context.Context) Executor {
	switch c := ctx.Value(carrierKey{}).(type) {
	case Awaiter:
		return c.Executor()
	case Executor:
		return c
	}
	return nil
}

// FiberOf returns the fiber that ctx carries if the caller is that fiber, else
// nil. It is for packages whose ctx forms have a shorter way than [Await].
func FiberOf(ctx context.Context) Awaiter {
	a, ok := ctx.(Awaiter) // the fiber's own ctx, not a derived one
	if !ok {
		if a, ok = ctx.Value(carrierKey{}).(Awaiter); !ok {
			return nil
		}
	}
	if !a.Current() {
		return nil
	}
	return a
}

// Await waits for f and returns its result. In a fiber it suspends the fiber;
// anywhere else it blocks the calling goroutine, and if ctx carries an executor
// f is polled there, as a task. When ctx ends first, f is dropped and Await
// returns ctx.Err(). In either case f is spent.
//
// Calling it on a goroutine that runs an executor's loop, that is inside a
// Poll, would stop every task there, so it panics: poll f instead.
func Await[T any](ctx context.Context, f Future[T]) (v T, err error) {
	// This frame stays on a fiber's stack for as long as it sleeps, and that stack
	// has 1100 bytes to use before it grows from 2 KiB to 4. So f is polled here,
	// and what a fiber at home does not need has functions of its own.
	a := FiberOf(ctx)
	if a == nil {
		return awaitAbroad(ctx, nil, ExecutorFrom(ctx), f)
	}
	spent := false
	defer func() {
		if !spent { // cancelled, or unwinding
			dropFuture(f)
		}
	}()
	if err = a.Begin(ctx); err != nil {
		return v, err
	}
	for {
		v, err = f.Poll(a.Context())
		if !isPending(err) {
			if err != nil {
				mustNotWrapPending(err, f) // if it does, f may hold registrations: dropped
			}
			spent = true
			return v, err
		}
		if err = a.Suspend(ctx); err != nil {
			return v, err
		}
	}
}

// AwaitOn is Await for a future that belongs to home, whatever ctx carries: the
// ctx forms of connections, files and local channels are made of it. A fiber of
// home polls f itself; a fiber of another executor suspends while a task at
// home polls f. With a nil home the calling goroutine polls.
//
// When ctx ends, or home does, while a task polls f, a result that f has returned
// by then wins; else f is not being polled when AwaitOn returns, and never will
// be again: what its polls touch is the caller's. Only its Drop may still come,
// at home.
func AwaitOn[T any](ctx context.Context, home Executor, f Future[T]) (T, error) {
	fiber := FiberOf(ctx)
	if fiber != nil && (home == nil || fiber.Executor() == home) {
		return Await(ctx, f)
	}
	return awaitAbroad(ctx, fiber, home, f)
}

// awaitAbroad awaits f on a goroutine, or in a fiber of another executor than
// home.
//
//go:noinline
func awaitAbroad[T any](ctx context.Context, fiber Awaiter, home Executor, f Future[T]) (T, error) {
	if home == nil {
		return block(ctx, f)
	}
	if fiber == nil {
		mustNotBeOnLoop("Await")
	}
	if err := ctx.Err(); err != nil {
		dropFuture(f)
		var none T
		return none, err
	}
	x := &crossing[T]{fut: f}
	j := send[T](home, x)
	var v T
	var err error
	unwinds := true
	defer func() {
		if unwinds { // the fiber is being ended
			_, _ = x.leave(ErrCanceled)
		}
	}()
	if fiber != nil {
		v, err = Await[T](ctx, aborting[T]{j})
	} else {
		v, err = block[T](ctx, aborting[T]{j})
	}
	unwinds = false
	if err != nil {
		return x.leave(err)
	}
	return v, nil
}

// aborting is a handle whose loss aborts the task.
type aborting[T any] struct{ j JoinHandle[T] }

func (a aborting[T]) Poll(cx *Context) (T, error) { return a.j.Poll(cx) }

func (a aborting[T]) Drop() {
	a.j.Abort()
	a.j.Detach()
}

// send makes f a task of ex, from any goroutine.
func send[T any](ex Executor, f Future[T]) JoinHandle[T] {
	if local, ok := ex.(interface{ Home() *Home }); ok {
		r, j := NewLocalTask(f, local.Home())
		r.Schedule()
		return j
	}
	if several, ok := ex.(interface {
		Schedule(Runnable)
		Start(Runnable, AbortHandle)
	}); ok {
		r, j := NewTask(f, several.Schedule)
		several.Start(r, j.AbortHandle())
		return j
	}
	r, j := NewTask(f, func(r Runnable) {
		if ex.Inject(func(cx *Context) { r.Run(cx) }) != nil {
			r.Drop() // closed
		}
	})
	r.Schedule()
	return j
}
