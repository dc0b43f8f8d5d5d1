package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

func panicking(v any) *probe {
	return &probe{script: func(*rouse.Context, int) (int, error) { panic(v) }}
}

func asPanic(t testing.TB, err error) *rouse.PanicError {
	t.Helper()
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Fatalf("%v is no PanicError", err)
	}
	return p
}

func TestConformance_069_073_AwaitedPanic(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, log := w.local(t)
		var waker rouse.Waker
		p := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
			waker = cx.Waker()
			panic("ouch")
		}}
		waiter := executor.Spawn(l, fut[int](spawn(l, p)))
		other := spawn(l, after(1, 1))
		_, err := joined(l, waiter)
		e := asPanic(t, err)
		if e.Value != "ouch" || e.Name != "main" || !strings.Contains(string(e.Stack), "panic_test.go") {
			t.Errorf("value %v, name %q, stack %s", e.Value, e.Name, e.Stack)
		}
		if v, err := joined(l, other); v != 1 || err != nil {
			t.Errorf("another task: %d, %v", v, err)
		}
		waker.WakeByRef()
		idle(t, l)
		p.check(t, 1, 1)
		if log.Count("panicked") != 1 {
			// The waiter had not been polled yet, so nobody waited: Held.
			t.Errorf("log: %s", log)
		}
	})
}

func TestAnAwaitedPanicIsNotLogged(t *testing.T) {
	l, log := onDefault(t)
	gate := forever()
	p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
		if poll == 1 {
			gate.waker = cx.Waker()
			return 0, rouse.Pending
		}
		panic("ouch")
	}}
	waiter := executor.Spawn(l, fut[int](spawn(l, p)))
	idle(t, l)
	gate.waker.Wake()
	_, err := joined(l, waiter)
	asPanic(t, err)
	if log.String() != "" {
		t.Errorf("log: %s", log)
	}
}

func TestHeldPanics(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		t.Run("joined later", func(t *testing.T) {
			l, log := w.local(t)
			j := spawn(l, panicking("held"))
			idle(t, l)
			if log.Count("task panicked") != 1 {
				t.Errorf("log: %s", log)
			}
			_, err := joined(l, j)
			asPanic(t, err)
			if err := l.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		for _, n := range []int{1, 16, 17, 40} {
			t.Run(fmt.Sprintf("%d never joined", n), func(t *testing.T) {
				l, log := w.quiet(t)
				for i := range n {
					spawn(l, panicking(i))
				}
				idle(t, l)
				if c := log.Count("task panicked"); c != n {
					t.Errorf("%d logged", c)
				}
				err := l.Close()
				asPanic(t, err)
				if c := strings.Count(err.Error(), "panicked: "); c != min(n, 16) {
					t.Errorf("Close names %d of %d", c, n)
				}
				if more := fmt.Sprintf("and %d more tasks panicked", n-16); (n > 16) != strings.Contains(err.Error(), more) {
					t.Errorf("%d panics, %d named: no count of the rest", n, 16)
				}
				if again := l.Close(); again != err {
					t.Errorf("Close again: %v", again)
				}
			})
		}
		t.Run("joined later, more than are named", func(t *testing.T) {
			l, _ := w.local(t)
			var hs []rouse.JoinHandle[int]
			for range 40 {
				hs = append(hs, spawn(l, panicking("x")))
			}
			idle(t, l)
			for _, h := range hs {
				_, err := joined(l, h)
				asPanic(t, err)
			}
			if err := l.Close(); err != nil {
				t.Errorf("all were joined, yet Close says %v", err)
			}
		})
	})
}

func TestConformance_077_DetachedPanicEndsTheExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for _, how := range []string{"SpawnDetached", "Detach", "Inject"} {
			l, log := w.quiet(t)
			sleeping := forever()
			victim := spawn(l, sleeping)
			idle(t, l)
			switch how {
			case "SpawnDetached":
				executor.SpawnDetached(l, fut[int](panicking("fatal")))
			case "Detach":
				spawn(l, panicking("fatal")).Detach()
			case "Inject":
				l.Inject(func(*rouse.Context) { panic("fatal") })
			}
			v := mustPanic(t, "fatal", func() { l.Run(t.Context()) })
			if _, ok := v.(*rouse.PanicError); !ok {
				t.Errorf("%s: panic with %T", how, v)
			}
			if log.Count("fatal") != 1 {
				t.Errorf("%s: log %s", how, log)
			}
			sleeping.check(t, 1, 1)
			if _, err := rouse.BlockOn(fut[int](victim)); err != rouse.ErrCanceled {
				t.Errorf("%s: the other task: %v", how, err)
			}
			if err := l.Run(t.Context()); err != rouse.ErrClosed { // 076: nothing left behind
				t.Errorf("%s: Run after it: %v", how, err)
			}
			if rouse.OnLoop() {
				t.Errorf("%s: the goroutine still counts as a loop", how)
			}
		}
	})
}

func TestConformance_075_OnPanicKeepsTheExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		var seen []*rouse.PanicError
		l, log := w.local(t, func(c *executor.Config) {
			c.OnPanic = func(p *rouse.PanicError) {
				seen = append(seen, p)
				if len(seen) == 2 {
					panic("in the hook")
				}
			}
		})
		for i := range 3 {
			executor.SpawnDetached(l, fut[int](panicking(i)))
		}
		l.Inject(func(*rouse.Context) { panic("injected") })
		idle(t, l)
		if len(seen) != 4 || log.Count("in the hook") != 1 {
			t.Errorf("%d calls; log %s", len(seen), log)
		}
		if v, err := joined(l, spawn(l, after(1, 1))); v != 1 || err != nil {
			t.Errorf("afterwards: %d, %v", v, err)
		}
	})
}

func TestPanicInDropIsReported(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, log := w.local(t)
		p := forever()
		p.onDrop = func() { panic("in Drop") }
		j := spawn(l, p)
		idle(t, l)
		j.Abort()
		if _, err := joined(l, j); err != rouse.ErrCanceled {
			t.Error(err)
		}
		if log.Count("in Drop") != 1 {
			t.Errorf("log: %s", log)
		}
	})
}

func TestConformance_074_RootPanic(t *testing.T) {
	bound(t)
	t.Run("Run", func(t *testing.T) {
		v := mustPanic(t, "in the root", func() {
			executor.Run(func(context.Context) error { panic("in the root") })
		})
		p, ok := v.(*rouse.PanicError)
		if !ok || p.Value != "in the root" || !strings.Contains(string(p.Stack), "TestConformance_074") {
			t.Errorf("%#v", v)
		}
	})
	t.Run("RunUntil", func(t *testing.T) {
		l, log := onDefault(t)
		_, err := executor.RunUntil(l, fut[int](panicking("in the root")))
		asPanic(t, err)
		if log.String() != "" { // the caller has it
			t.Errorf("log: %s", log)
		}
		if v, err := joined(l, spawn(l, after(1, 1))); v != 1 || err != nil {
			t.Errorf("afterwards: %d, %v", v, err)
		}
	})
	t.Run("detached below Run", func(t *testing.T) {
		l := &logbook{}
		mustPanic(t, "below", func() {
			executor.RunWith(quietConfig(l), func(ctx context.Context) error {
				executor.SpawnDetached(executor.FromContext(ctx), fut[int](panicking("below")))
				for {
					if err := fiber.Yield(ctx); err != nil {
						return err
					}
				}
			})
		})
	})
	t.Run("never joined below Run", func(t *testing.T) {
		mustPanic(t, "below", func() {
			executor.RunWith(quietConfig(&logbook{}), func(ctx context.Context) error {
				j := fiber.Go(ctx, func(context.Context) (int, error) { panic("below") })
				for !j.IsFinished() {
					fiber.Yield(ctx)
				}
				return nil
			})
		})
	})
	t.Run("a PanicError that fn returns is an error", func(t *testing.T) {
		err := executor.RunWith(quietConfig(&logbook{}), func(ctx context.Context) error {
			_, err := fiber.Go(ctx, func(context.Context) (int, error) { panic("below") }).Join(ctx)
			return fmt.Errorf("child: %w", err)
		})
		asPanic(t, err)
	})
}
