package executor_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// Panics that somebody awaits, or will join, or that nobody sees.
func TestConformance_069_073_075_077_SharedPanics(t *testing.T) {
	boom := func(cx *rouse.Context, _ int) (int, error) { panic("boom") }
	t.Run("awaited", func(t *testing.T) {
		c := startShared(t)
		h := executor.SpawnShared(c.Shared, fut[int](&probe{script: boom}), executor.Named("bomb"))
		_, err := wait(t, h)
		var p *rouse.PanicError
		if !errors.As(err, &p) || p.Value != "boom" || p.Name != "bomb" || !strings.Contains(p.Site, "sharedpanic_test.go") {
			t.Errorf("%#v", err)
		}
		if err := c.stop(t); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("held", func(t *testing.T) {
		c := startShared(t)
		h := spawnShared(c.Shared, &probe{script: boom})
		eventually(t, "over", h.IsFinished)
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Error(err)
		}
		if n := c.log.Count("task panicked"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
	t.Run("detached", func(t *testing.T) {
		c := startShared(t)
		other := forever()
		h := spawnShared(c.Shared, other)
		executor.SpawnSharedDetached(c.Shared, fut[int](&probe{script: boom}))
		var p *rouse.PanicError
		if err := receive(t, c.quit); !errors.As(err, &p) || p.Value != "boom" {
			t.Errorf("Run: %v", err)
		}
		if _, err := wait(t, h); err != rouse.ErrCanceled {
			t.Error(err)
		}
		if err := c.Run(context.Background()); err != rouse.ErrClosed {
			t.Error(err)
		}
	})
	t.Run("OnPanic", func(t *testing.T) {
		told := make(chan *rouse.PanicError, 3)
		c := startShared(t, func(cfg *executor.SharedConfig) {
			cfg.OnPanic = func(p *rouse.PanicError) { told <- p; panic("again") } // 075
		})
		executor.SpawnSharedDetached(c.Shared, fut[int](&probe{script: boom}))
		receive(t, told)
		if err := c.Inject(func(*rouse.Context) { panic("injected") }); err != nil {
			t.Error(err)
		}
		if p := receive(t, told); p.Value != "injected" {
			t.Errorf("%v", p.Value)
		}
		h := spawnShared(c.Shared, &probe{
			script: func(cx *rouse.Context, _ int) (int, error) { cx.WakeByRef(); return 0, rouse.Pending },
			onDrop: func() { panic("in Drop") },
		})
		h.Abort()
		if p := receive(t, told); p.Value != "in Drop" {
			t.Errorf("%v", p.Value)
		}
		if _, err := wait(t, h); err != rouse.ErrCanceled {
			t.Error(err)
		}
		if v, err := wait(t, spawnShared(c.Shared, after(1, 4))); v != 4 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Goexit ends its task, and the worker goes on with another goroutine.
func TestConformance_078_SharedGoexit(t *testing.T) {
	eachCount(t, func(t *testing.T, s *executor.Shared) {
		for range 20 {
			h := spawnShared(s, &probe{script: func(*rouse.Context, int) (int, error) {
				runtime.Goexit()
				return 0, nil
			}})
			if _, err := wait(t, h); err != rouse.ErrGoexit {
				t.Fatal(err)
			}
			if v, err := wait(t, spawnShared(s, after(1, 4))); v != 4 || err != nil {
				t.Fatalf("%d, %v", v, err)
			}
		}
	})
}
