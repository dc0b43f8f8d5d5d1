// Package fiber starts direct-style tasks: functions that wait by suspending a
// coroutine instead of returning Pending, and so look like plain Go.
//
//	h := fiber.Go(ctx, func(ctx context.Context) (int, error) {
//		conn, err := netio.Dial(ctx, "tcp", addr) // suspends this fiber only
//		…
//	})
//	n, err := h.Join(ctx)
//
// # What carries a fiber
//
// The ctx that the function gets, and every ctx derived from it. Whatever waits
// takes it as its first parameter. Whether the caller is that fiber is decided
// by goroutine identity, not by ctx alone: the same ctx in another goroutine
// (errgroup, net/http) blocks that goroutine instead, which is right there.
//
// # Cancelling
//
// Abort on the handle, a derived ctx that ends, or the end of the executor make
// the await that is going on, and every later one, return an error; deferred
// calls run. A cancelled fiber that goes on awaiting is unwound after
// Config.Grace by a panic that its awaits throw, and one that survives even
// that is abandoned and reported.
//
// # Cost
//
// A switch into a fiber and back costs about 60 to 120 ns, one from fiber to
// fiber, where such a one is next in the queue, 40 to 80. A suspended one costs
// about 3 KB of stack and bookkeeping, and 100 000 of them cost the garbage
// collector like as many goroutines. Poll futures cost a tenth and less: they
// are the way for what there are many of.
//
// # What a fiber must not do
//
// Block in Go's own way: a channel, a contended sync.Mutex, time.Sleep, a call
// of package net stop every task of the executor; executor.Blocking is the way
// out. Hold a sync.Mutex across an await that another fiber of the executor
// wants: deadlock. Call runtime.LockOSThread: fatal, Go's runtime allows no
// coroutine switch under a changed thread lock.
package fiber

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/callsite"
)

// Go starts fn as a fiber of the executor that ctx carries, in the queue of the
// caller's task, and returns its handle. fn runs when the executor polls it,
// never inside Go. From any goroutine. It panics if ctx carries no executor.
// After the executor's Close the fiber is cancelled at once.
//
// Given the ctx of a fiber itself, the new fiber outlives that one; given a ctx
// derived from it, fn's awaits fail when that ctx ends, or the fiber does.
//
//go:noinline
func Go[T any](ctx context.Context, fn func(context.Context) (T, error), opts ...executor.Option) rouse.JoinHandle[T] {
	site := executor.SpawnedAt(callsite.Caller())
	l := executor.FromContext(ctx)
	if l == nil {
		if executor.SharedFromContext(ctx) != nil {
			panic("rouse: fiber.Go with a ctx that carries an executor.Shared: a fiber can't move between threads; start it on an executor.Local, and await its handle where you like")
		}
		panic("rouse: fiber.Go needs a ctx that carries an executor: use the ctx of executor.Run or of another fiber, or Local.Context")
	}
	if len(opts) == 0 {
		return executor.SpawnFiber(ctx, l, fn, site)
	}
	return executor.SpawnFiber(ctx, l, fn, append(opts[:len(opts):len(opts)], site)...)
}

// Yield lets the other runnable tasks of the fiber's queue go first. In a
// goroutine that is no fiber it waits until a task of the executor that ctx
// carries has had a turn. The error is ctx's, or rouse.ErrCanceled if the fiber
// was cancelled.
func Yield(ctx context.Context) error {
	return executor.Yield(ctx)
}
