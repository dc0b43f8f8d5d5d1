package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// neverEnds is the ctx of what is ended in another way.
var neverEnds = context.Background()

// onLocal calls body with a fresh executor, on a goroutine of its own, because
// an executor locks its goroutine to a thread, and closes the executor.
func onLocal(body func(l *executor.Local) error) error {
	return onGoroutine(func() error {
		l, err := executor.New(executor.Config{Name: "bench"})
		if err != nil {
			return err
		}
		return errors.Join(body(l), l.Close())
	})
}

// onFiber calls body in the root fiber of a fresh executor.
func onFiber(body func(ctx context.Context) error) error {
	return onGoroutine(func() error { return executor.Run(body) })
}

// onPool calls body with a pool of two executors.
func onPool(spin time.Duration, body func(p *executor.Pool) error) error {
	return onGoroutine(func() error {
		p, err := executor.NewPool(executor.PoolConfig{
			Placement: executor.Unbound(2),
			Executor:  executor.Config{Name: "bench", Spin: spin},
		})
		if err != nil {
			return err
		}
		return errors.Join(body(p), p.Close())
	})
}

// onGoroutine calls body on a goroutine of its own. Implementations that use no
// executor do that too, so that all begin alike.
func onGoroutine(body func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("the repetition exited without a result")
		defer func() { done <- err }()
		err = body()
	}()
	return <-done
}

// joinAll is a future that awaits every handle in turn and sums the results.
type joinAll struct {
	hs   []rouse.JoinHandle[int]
	next int
	sum  int
}

func (j *joinAll) Poll(cx *rouse.Context) (int, error) {
	for j.next < len(j.hs) {
		v, err := j.hs[j.next].Poll(cx)
		if err != nil {
			return 0, err
		}
		j.sum += v
		j.next++
	}
	return j.sum, nil
}

// Drop lets the tasks that were not awaited go on without us.
func (j *joinAll) Drop() {
	for _, h := range j.hs[j.next:] {
		h.Drop()
	}
}

// joinFibers awaits every handle and sums the results.
func joinFibers(ctx context.Context, hs []rouse.JoinHandle[int]) (sum int, err error) {
	for _, h := range hs {
		v, err := h.Join(ctx)
		if err != nil {
			return sum, err
		}
		sum += v
	}
	return sum, nil
}

// same is the check of a count or a sum.
func same(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("wrong result: %s is %d; want %d", what, got, want)
	}
	return nil
}
