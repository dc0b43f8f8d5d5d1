package executor_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func goexiting() *probe {
	return &probe{script: func(*rouse.Context, int) (int, error) {
		runtime.Goexit()
		return 0, nil
	}}
}

// onNew runs f on a new goroutine and reports whether f exited by Goexit.
func onNew(t testing.TB, f func()) (exited bool) {
	t.Helper()
	done := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { done <- !returned }()
		f()
		returned = true
	}()
	return receive(t, done)
}

// A Goexit in a poll exits the goroutine that runs the executor. Nothing hangs:
// the executor closes on the way, and the others get ErrCanceled.
func TestConformance_078_GoexitInAPoll(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		sleeping := forever()
		victim := spawn(l, sleeping)
		guilty := goexiting()
		j := spawn(l, guilty)
		if !onNew(t, func() { l.Run(t.Context()) }) {
			t.Error("Run returned")
		}
		if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrGoexit {
			t.Errorf("the task: %v", err)
		}
		if _, err := rouse.BlockOn(fut[int](victim)); err != rouse.ErrCanceled {
			t.Errorf("another task: %v", err)
		}
		guilty.check(t, 1, 1)
		sleeping.check(t, 1, 1)
		if err := l.Run(t.Context()); err != rouse.ErrClosed {
			t.Errorf("Run afterwards: %v", err)
		}
	})
}

// t.FailNow in the root fiber must exit the test's goroutine, after a clean end.
func TestConformance_078_GoexitInTheRootFiber(t *testing.T) {
	bound(t)
	abandoned.Add(1) // its coroutine
	fds := leakcheck.Descriptors()
	var child rouse.JoinHandle[int]
	deferred, started, childEnded := false, false, false
	exited := onNew(t, func() {
		executor.RunWith(quietConfig(&logbook{}), func(ctx context.Context) error {
			defer func() { deferred = true }()
			child = fiber.Go(ctx, func(ctx context.Context) (int, error) {
				defer func() { childEnded = true }()
				started = true
				for {
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
				}
			})
			for !started { // without gid it comes by mail
				fiber.Yield(ctx)
			}
			runtime.Goexit()
			return nil
		})
	})
	if !exited || !deferred || !childEnded {
		t.Errorf("exited %v, deferred calls ran %v, child ended %v", exited, deferred, childEnded)
	}
	if _, err := rouse.BlockOn(fut[int](child)); err != rouse.ErrCanceled {
		t.Errorf("the child: %v", err)
	}
	if n := leakcheck.Descriptors(); n != fds {
		t.Errorf("%d descriptors, before %d", n, fds)
	}
}

func TestAnErrGoexitThatFnReturnsIsAnError(t *testing.T) {
	bound(t)
	abandoned.Add(1)
	var err error
	exited := onNew(t, func() {
		err = executor.RunWith(quietConfig(&logbook{}), func(ctx context.Context) error {
			_, err := fiber.Go(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Join(ctx)
			return err
		})
	})
	if exited || err != rouse.ErrGoexit {
		t.Errorf("exited %v, error %v", exited, err)
	}
}
