package executor

import (
	"context"
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
)

// RunPool makes a pool, runs fn as a fiber on each of its executors, waits for
// all of them, closes the pool, and returns what went wrong, joined; see
// [Pool.Each] and [Pool.Join]. It is for the goroutine of a main function;
// inside a task it panics, since executors don't nest.
//
//go:noinline
func RunPool(cfg PoolConfig, fn func(ctx context.Context, p *Pool, i int) error) error {
	if rouse.OnLoop() {
		panic("rouse: executor.RunPool on a goroutine that runs an executor already; call it on a goroutine of its own")
	}
	p, err := NewPool(cfg)
	if err != nil {
		return err
	}
	err = p.each(context.Background(), callsite.Caller(), func(ctx context.Context, i int) error { return fn(ctx, p, i) })
	return errors.Join(err, p.Close())
}

// Each runs fn as a fiber on every executor and waits for all of them: in a
// fiber it suspends the fiber, elsewhere it blocks the goroutine. The fibers'
// ctx derives from ctx. When one of them fails the ctx of the others ends. Each
// returns all errors, with the executors' names; a panic is a
// [*rouse.PanicError]. Errors that only say that the ctx has ended are left out
// if another fiber's failure has ended it.
//
//go:noinline
func (p *Pool) Each(ctx context.Context, fn func(ctx context.Context, i int) error) error {
	return p.each(ctx, callsite.Caller(), fn)
}

func (p *Pool) each(ctx context.Context, site uintptr, fn func(ctx context.Context, i int) error) error {
	all, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	handles := make([]rouse.JoinHandle[struct{}], len(p.members))
	for i, m := range p.members {
		handles[i] = SpawnFiber(all, m.l, func(ctx context.Context) (none struct{}, err error) {
			failed := true // also by a panic
			defer func() {
				if failed {
					cancel(errSibling)
				}
			}()
			err = fn(ctx, i)
			failed = err != nil
			return none, err
		}, SpawnedAt(site))
	}
	var errs []error
	for i, h := range handles {
		_, err := h.Join(context.WithoutCancel(ctx)) // they end, one way or the other
		if err != nil && !(errors.Is(err, context.Canceled) && context.Cause(all) == errSibling && ctx.Err() == nil && !isPanic(err)) {
			errs = append(errs, fmt.Errorf("executor %s: %w", p.members[i].l.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// errSibling is why the ctx of Each's fibers has ended.
var errSibling = errors.New("rouse: another executor's function failed")

func isPanic(err error) bool {
	var p *rouse.PanicError
	return errors.As(err, &p)
}
