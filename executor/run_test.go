package executor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestRunEndsWithItsCtx(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		ctx, cancel := context.WithCancel(t.Context())
		polled := make(chan struct{})
		spawn(l, &probe{script: func(*rouse.Context, int) (int, error) {
			close(polled)
			return 0, rouse.Pending
		}})
		go func() {
			<-polled
			cancel()
		}()
		if err := l.Run(ctx); err != context.Canceled {
			t.Errorf("%v", err)
		}
		if err := l.Run(ctx); err != context.Canceled { // it has ended before
			t.Errorf("again: %v", err)
		}
		l.Stop()
		if err := l.Run(context.Background()); err != nil {
			t.Errorf("stopped: %v", err)
		}
	})
}

// The end of one Run's ctx does not end the next Run.
func TestALateCtxStopsItsOwnRunOnly(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		for range 300 {
			ctx, cancel := context.WithCancel(t.Context())
			spawn(l, doing(func(*rouse.Context) { go cancel(); l.Stop() }))
			if err := l.Run(ctx); err != nil && err != context.Canceled {
				t.Fatal(err)
			}
			<-ctx.Done()
			p := &probe{}
			p.script = func(cx *rouse.Context, poll int) (int, error) {
				if poll < 20 {
					cx.WakeByRef()
					return 0, rouse.Pending
				}
				l.Stop()
				return 0, nil
			}
			spawn(l, p)
			if err := l.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.check(t, 20, 0)
			if t.Failed() {
				return
			}
		}
	})
}

func TestStop(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		l.Stop() // before the run: what is due is polled, and no more
		p := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
			cx.WakeByRef()
			return 0, rouse.Pending
		}}
		spawn(l, p)
		if err := l.Run(t.Context()); err != nil {
			t.Errorf("stopped before: %v", err)
		}
		if n := p.polls.Load(); n == 0 || n > 256 {
			t.Errorf("%d polls", n)
		}
		for name, stop := range map[string]func(){
			"inside":    l.Stop,
			"elsewhere": func() { go l.Stop() },
			"many":      func() { l.Stop(); go l.Stop(); go l.Stop() },
		} {
			spawn(l, doing(func(*rouse.Context) { stop() }))
			if err := l.Run(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestRunUntil(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		for i := range 3 {
			if v, err := executor.RunUntil(l, fut[int](after(1, i))); v != i || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		}
		if _, err := executor.RunUntil(l, rouse.Future[int](rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
			return 0, errors.ErrUnsupported
		}))); err != errors.ErrUnsupported {
			t.Errorf("%v", err)
		}
		// Other tasks stay as they are.
		other := forever()
		spawn(l, other)
		executor.RunUntil(l, fut[int](after(1, 0)))
		idle(t, l)
		other.check(t, 1, 0)
	})
}

func TestRunUntilAndStop(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		spawn(l, doing(func(*rouse.Context) { go l.Stop() }))
		if _, err := executor.RunUntil(l, fut[int](p)); err != rouse.ErrCanceled {
			t.Errorf("%v", err)
		}
		p.check(t, 1, 1)
		if v, err := executor.RunUntil(l, fut[int](after(1, 1))); v != 1 || err != nil {
			t.Errorf("the next: %d, %v", v, err)
		}
	})
}

func TestRunFromAnotherGoroutinePanics(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		idle(t, l)
		elsewhere(t, func() {
			mustPanic(t, "was run by another goroutine", func() { l.RunUntilIdle() })
			mustPanic(t, "was run by another goroutine", func() { l.Run(t.Context()) })
			mustPanic(t, "was run by another goroutine", func() { executor.RunUntil(l, fut[int](after(1, 1))) })
		})
		idle(t, l) // it has done no harm
	})
}

// Even if the first goroutine is gone and Go has given its descriptor to
// another one: fibers would kill the process there.
func TestRunWhenTheOwnerIsGonePanics(t *testing.T) {
	bound(t)
	w := worlds()[0]
	if w.name != "epoll" {
		t.Skip("the driver needs no thread")
	}
	l := must(executor.New(executor.Config{Driver: must(w.open())}))
	elsewhere(t, func() { l.RunUntilIdle() })
	for range 50 {
		elsewhere(t, func() {
			mustPanic(t, "was run by another goroutine", func() { l.RunUntilIdle() })
		})
	}
	if err := l.Close(); err != nil { // it had no fibers
		t.Error(err)
	}
}

func TestExecutorsDontNest(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		a, _ := w.local(t)
		b, _ := w.local(t)
		fds := leakcheck.Descriptors()
		try := func(where string) {
			mustPanic(t, "runs an executor", func() { b.RunUntilIdle() })
			mustPanic(t, "running already", func() { a.RunUntilIdle() })
			mustPanic(t, "runs an executor", func() { executor.Run(func(context.Context) error { return nil }) })
			if err := b.Close(); err == nil {
				t.Errorf("%s: Close of another executor", where)
			}
			mustPanic(t, "poll the future instead", func() { rouse.BlockOn(fut[int](after(1, 1))) })
		}
		spawn(a, doing(func(*rouse.Context) { try("poll") }))
		idle(t, a)
		_, err := joined(a, executor.SpawnFiber(t.Context(), a, func(context.Context) (int, error) { try("fiber"); return 0, nil }))
		if err != nil {
			t.Error(err)
		}
		if n := leakcheck.Descriptors(); n != fds {
			t.Errorf("%d descriptors, before %d", n, fds)
		}
		idle(t, b) // unharmed
	})
}

// failing is a driver whose Park fails.
type failing struct {
	driver.Driver
	err error
}

func (f *failing) Park(int64) (int, error) { return 0, f.err }

func TestADriverThatFailsEndsTheRun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		broken := errors.New("broken")
		l, log := w.quiet(t, func(c *executor.Config) { c.Driver = &failing{c.Driver, broken} })
		p := forever()
		j := spawn(l, p)
		mustPanic(t, "broken", func() { l.Run(t.Context()) })
		p.check(t, 1, 1)
		if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
			t.Errorf("%v", err)
		}
		if log.Count("driver failed") != 1 {
			t.Errorf("log: %s", log)
		}
	})
}
