package exectest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

// A Running is an executor that runs on a goroutine of its own.
type Running struct {
	Executor *executor.Local
	Ctx      context.Context // carries Executor, and ends after Patience
	Stop     func()          // ends Executor and waits; any number of times, from the test's goroutine
}

// Run makes an executor, as cfg says but on the driver that open returns, and runs
// it until Stop, at the latest the end of the test. An error of its Run or its
// Close fails t.
func Run(t testing.TB, cfg executor.Config, open func() (driver.Driver, error)) Running {
	t.Helper()
	var err error
	if cfg.Driver, err = open(); err != nil {
		t.Fatal(err)
	}
	ex, err := executor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := ex.Run(context.Background()); err != nil {
			t.Error("Run:", err)
		}
		if err := ex.Close(); err != nil {
			t.Error("Close:", err)
		}
	}()
	ctx, cancel := context.WithTimeout(rouse.WithExecutor(context.Background(), ex), Patience)
	var once sync.Once
	stop := func() {
		once.Do(func() {
			ex.Stop()
			select {
			case <-ended:
			case <-time.After(Patience):
				t.Fatal("the executor does not end")
			}
		})
	}
	t.Cleanup(func() {
		stop()
		cancel()
	})
	return Running{ex, ctx, stop}
}

// Async calls fn on a goroutine; the function it returns waits for the result.
func Async[T any](t testing.TB, fn func() (T, error)) func() (T, error) {
	type result struct {
		v   T
		err error
	}
	ch := make(chan result, 1)
	go func() {
		v, err := fn()
		ch <- result{v, err}
	}()
	return func() (T, error) {
		t.Helper()
		select {
		case r := <-ch:
			return r.v, r.err
		case <-time.After(Patience):
			t.Fatal("a call does not return")
			panic("not reached")
		}
	}
}
