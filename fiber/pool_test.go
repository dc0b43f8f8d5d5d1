package fiber_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

func TestCoroutinesArePooled(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			before := runtime.NumGoroutine()
			for i := range 2000 {
				v, err := fiber.Go(ctx, func(ctx context.Context) (int, error) { return i, fiber.Yield(ctx) }).Join(ctx)
				if v != i || err != nil {
					t.Fatalf("%d, %v", v, err)
				}
			}
			if n := runtime.NumGoroutine(); n > before+1 {
				t.Errorf("%d goroutines for 2000 fibers one after the other", n-before)
			}
			return nil
		})
	})
}

func TestConformance_078_GoexitEndsTheFiberOnly(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		abandoned.Add(1) // one coroutine serves all of them
		log := w.run(t, func(ctx context.Context) error {
			deferred := 0
			for range 5 {
				_, err := fiber.Go(ctx, func(ctx context.Context) (int, error) {
					defer func() { deferred++ }()
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
					runtime.Goexit()
					return 0, nil
				}).Join(ctx)
				if err != rouse.ErrGoexit {
					t.Errorf("%v", err)
				}
				// The pool goes on, with plain bodies and with panics, on the
				// same coroutine.
				if v, err := fiber.Go(ctx, func(ctx context.Context) (int, error) { return 4, fiber.Yield(ctx) }).Join(ctx); v != 4 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
				_, err = fiber.Go(ctx, func(ctx context.Context) (int, error) { panic("after Goexit") }).Join(ctx)
				if err == nil || !strings.Contains(err.Error(), "after Goexit") {
					t.Errorf("%v", err)
				}
			}
			if deferred != 5 {
				t.Errorf("%d deferred calls", deferred)
			}
			return nil
		})
		if !strings.Contains(log.String(), "fibers abandoned") || !strings.Contains(log.String(), "count=1") {
			t.Errorf("log: %s", log)
		}
	})
}

func TestAFiberThatReturnsPending(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			_, err := fiber.Go(ctx, func(context.Context) (int, error) { return 0, rouse.Pending }).Join(ctx)
			if p, ok := err.(*rouse.PanicError); !ok || !strings.Contains(p.Error(), "a fiber returned Pending") {
				t.Errorf("%v", err)
			}
			return nil
		})
	})
}

func TestTenThousandFibersSuspendedAndEnded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		n := 10_000
		if testing.Short() {
			n = 1000
		}
		w.run(t, func(ctx context.Context) error {
			gates := make([]gate, n)
			hs := make([]rouse.JoinHandle[int], n)
			for i := range n {
				hs[i] = fiber.Go(ctx, func(ctx context.Context) (int, error) { return i, gates[i].await(ctx) })
			}
			last := fiber.Go(ctx, func(context.Context) (int, error) { return 0, nil })
			if _, err := last.Join(ctx); err != nil { // all have been started, then
				return err
			}
			for i := range n {
				if hs[i].IsFinished() {
					t.Fatalf("fiber %d is over", i)
				}
				gates[i].Open()
			}
			for i := range n {
				if v, err := hs[i].Join(ctx); v != i || err != nil {
					t.Fatalf("%d, %v", v, err)
				}
			}
			return nil
		})
	})
}

func TestAPanicCarriesTheFibersOwnStack(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			_, err := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				if err := fiber.Yield(ctx); err != nil {
					return 0, err
				}
				theCulprit()
				return 0, nil
			}, executor.Named("acrobat")).Join(ctx)
			p, ok := err.(*rouse.PanicError)
			if !ok || p.Value != "fell" || p.Name != "acrobat" {
				t.Fatalf("%v", err)
			}
			if s := string(p.Stack); !strings.Contains(s, "theCulprit") || strings.Contains(s, "runLocal") {
				t.Errorf("stack: %s", s)
			}
			if !strings.Contains(p.Site, "pool_test.go:") {
				t.Errorf("site %s", p.Site)
			}
			return nil
		})
	})
}

//go:noinline
func theCulprit() { panic("fell") }
