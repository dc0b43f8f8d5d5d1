package executor

import (
	"context"
	"errors"
	"runtime"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
)

// Run makes an executor with the zero [Config] on the calling goroutine, runs
// fn on it as a fiber, closes the executor when fn has returned, and returns
// fn's error. Whatever fn spawned and did not wait for is cancelled then.
//
// If fn panics, Run panics with the [*rouse.PanicError]; so it does if a
// detached task panics. If tasks panicked whose handles nobody has joined, Run
// panics with an error that joins theirs. If fn calls runtime.Goexit, as
// t.FailNow does, Run closes the executor and goes on exiting.
//
// Inside a task of an executor it panics: executors don't nest.
//
//go:noinline
func Run(fn func(ctx context.Context) error) error {
	return runRoot(Config{}, fn, callsite.Caller())
}

// RunWith is [Run] with a Config. A Config that can't be is an error.
//
//go:noinline
func RunWith(cfg Config, fn func(ctx context.Context) error) error {
	return runRoot(cfg, fn, callsite.Caller())
}

func runRoot(cfg Config, fn func(context.Context) error, site uintptr) error {
	if rouse.OnLoop() { // before anything is opened
		panic("rouse: executor.Run on a goroutine that runs an executor already; start a fiber there, or call Run on a goroutine of its own")
	}
	l, err := New(cfg)
	if err != nil {
		return err
	}
	f := newFiber(l.Context(context.Background()), l, false, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fn(ctx)
	})
	f.home, f.site = l.main.fibers, site
	_, err = runUntil[struct{}](l, f, f.home, site)
	closed := l.Close()
	var p *rouse.PanicError
	switch {
	case f.caught != nil: // not any *PanicError: fn may return that of a task it joined
		panic(err)
	case f.goexit:
		runtime.Goexit()
	case errors.As(closed, &p):
		panic(closed)
	case err == nil:
		return closed
	}
	return err
}
