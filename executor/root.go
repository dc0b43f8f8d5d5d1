package executor

import (
	"context"
	"errors"
	"runtime"

	"github.com/rouse-go/rouse"
)

// Run makes an executor with the zero [Config] on the calling goroutine, runs
// fn on it as a fiber, closes the executor when fn has returned, and returns
// fn's error. Whatever fn spawned and did not wait for is cancelled then.
//
// A panic of fn, or of a task that nobody joined, comes out of Run as a panic
// with a [*rouse.PanicError]. If fn calls runtime.Goexit, as t.FailNow does,
// Run closes the executor and goes on exiting.
func Run(fn func(ctx context.Context) error) error { return RunWith(Config{}, fn) }

// RunWith is [Run] with a Config.
func RunWith(cfg Config, fn func(ctx context.Context) error) error {
	l, err := New(cfg)
	if err != nil {
		return err
	}
	_, err = RunUntil(l, newFiber(l.Context(context.Background()), l, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fn(ctx)
	}))
	closed := l.Close()
	var p *rouse.PanicError
	switch {
	case errors.As(err, &p):
		panic(p)
	case errors.As(closed, &p):
		panic(closed)
	case err == rouse.ErrGoexit:
		runtime.Goexit()
	case err == nil:
		return closed
	}
	return err
}
