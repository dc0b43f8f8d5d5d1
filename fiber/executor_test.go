package fiber_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

// How fibers and their executor treat each other: its end, panics, fairness,
// blocking work, the clock.

func TestConformance_008_NoExecutor(t *testing.T) {
	bound(t)
	mustPanic(t, "fiber.Go needs a ctx that carries an executor", func() {
		fiber.Go(context.Background(), func(context.Context) (int, error) { return 0, nil })
	})
}

// A panic of the root fiber is the caller's, whose goroutine is nobody's loop
// afterwards.
func TestConformance_074_076_RootPanic(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cfg, _ := w.config(t)
		deferred, below := 0, 0
		mustPanic(t, "on purpose", func() {
			_ = executor.RunWith(cfg, func(ctx context.Context) error {
				defer func() { deferred++ }()
				fiber.Go(ctx, func(ctx context.Context) (int, error) {
					defer func() { below++ }()
					return rouse.Await(ctx, fut[int](new(ring)))
				}).Detach()
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
				turn(t, ctx)
				panic("on purpose")
			})
		})
		if deferred != 1 || below != 1 {
			t.Errorf("deferred calls ran %d and %d times", deferred, below)
		}
		if rouse.OnLoop() {
			t.Error("the goroutine still counts as a loop's")
		}
		w.run(t, func(ctx context.Context) error { turn(t, ctx); return nil })
	})
}

// A panic in a fiber that nobody will join ends the executor, or goes to OnPanic.
func TestConformance_075_077_DetachedPanic(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for _, hook := range []bool{false, true} {
			cfg, _ := w.config(t)
			var seen []*rouse.PanicError
			if hook {
				cfg.OnPanic = func(p *rouse.PanicError) {
					seen = append(seen, p)
					panic("in the hook")
				}
			}
			unwound := 0
			root := func(ctx context.Context) error {
				fiber.Go(ctx, func(ctx context.Context) (int, error) {
					defer func() { unwound++ }()
					return rouse.Await(ctx, fut[int](new(ring)))
				}).Detach()
				turn(t, ctx)
				fiber.Go(ctx, func(context.Context) (int, error) { panic("on purpose") }).Detach()
				_, err := rouse.Await(ctx, fut[struct{}](timer.Sleep(time.Millisecond)))
				if goesOn := err == nil && unwound == 0; goesOn != hook {
					t.Errorf("OnPanic is set: %v; the root fiber heard %v, %d unwound", hook, err, unwound)
				}
				return err
			}
			if hook {
				if err := executor.RunWith(cfg, root); err != nil || len(seen) != 1 || seen[0].Value != "on purpose" {
					t.Errorf("%v, seen %v", err, seen)
				}
			} else {
				mustPanic(t, "on purpose", func() { _ = executor.RunWith(cfg, root) })
			}
			if unwound != 1 {
				t.Errorf("the other fiber was unwound %d times", unwound)
			}
		}
	})
}

// selfish yields until it is told to end.
func selfish(over *bool, turns *int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		for !*over {
			*turns++
			if err := fiber.Yield(ctx); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
}

// Fibers that always yield starve no sibling, no timer, no blocking job, and no
// wake from elsewhere.
func TestConformance_096_105_YieldingFibersStarveNobody(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			var over bool
			var turns [3]int
			var hs []rouse.JoinHandle[int]
			for i := range turns {
				hs = append(hs, fiber.Go(ctx, selfish(&over, &turns[i])))
			}
			sum := func() int { return turns[0] + turns[1] + turns[2] }
			for range 100 {
				before := sum()
				if v, err := fiber.Go(ctx, func(context.Context) (int, error) { return 3, nil }).Join(ctx); v != 3 || err != nil {
					t.Errorf("a sibling: %d, %v", v, err)
				}
				if n := sum() - before; n > 600 {
					t.Errorf("%d turns of selfish fibers before a sibling had its own", n)
				}
			}
			if w.name != "manual" {
				if _, err := rouse.Await(ctx, fut[struct{}](timer.Sleep(time.Millisecond))); err != nil {
					t.Errorf("a timer: %v", err)
				}
			}
			if v, err := executor.Blocking(ctx, func() (int, error) { return 5, nil }); v != 5 || err != nil {
				t.Errorf("a blocking job: %d, %v", v, err)
			}
			for range 20 {
				g := new(gate)
				go g.Open()
				if err := g.await(ctx); err != nil {
					t.Errorf("a wake from elsewhere: %v", err)
				}
			}
			over = true
			for _, h := range hs {
				if _, err := h.Join(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// parking counts looks at the driver.
type parking struct {
	driver.Driver
	parks atomic.Int64
}

func (d *parking) Park(until int64) (int, error) {
	d.parks.Add(1)
	return d.Driver.Park(until)
}

func TestConformance_110_TheDriverIsPolled(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cfg, _ := w.config(t)
		d := &parking{Driver: cfg.Driver}
		cfg.Driver = d
		const turns = 20_000
		if err := executor.RunWith(cfg, func(ctx context.Context) error {
			for _, n := range []int{1, 2, 500} { // alone, and passing the turn on
				before := d.parks.Load()
				var hs []rouse.JoinHandle[int]
				for range n {
					hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
						for range turns / n {
							if err := fiber.Yield(ctx); err != nil {
								return 0, err
							}
						}
						return 0, nil
					}))
				}
				for _, h := range hs {
					if _, err := h.Join(ctx); err != nil {
						return err
					}
				}
				if got := d.parks.Load() - before; got < turns/256 {
					t.Errorf("%d fibers: %d looks at the driver in %d polls", n, got, turns)
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

// Close waits for no blocking job: the fiber that waits for one is unwound.
func TestConformance_091_131_BlockingInFibers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cfg, _ := w.config(t)
		cfg.BlockingWorkers = 2
		release, ended := make(chan struct{}), make(chan struct{})
		var running, most atomic.Int64
		heard := 0
		if err := executor.RunWith(cfg, func(ctx context.Context) error {
			var hs []rouse.JoinHandle[int]
			for i := range 20 { // more than there are goroutines for
				hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
					return executor.Blocking(ctx, func() (int, error) {
						for n := running.Add(1); ; {
							if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
								break
							}
						}
						runtime.Gosched()
						running.Add(-1)
						return i, nil
					})
				}))
			}
			for i, h := range hs {
				if v, err := h.Join(ctx); v != i || err != nil {
					t.Errorf("job %d: %d, %v", i, v, err)
				}
			}
			if n := most.Load(); n > 2 {
				t.Errorf("%d jobs at once", n)
			}
			_, err := executor.Blocking(ctx, func() (int, error) { panic("in the job") })
			var p *rouse.PanicError
			if !errors.As(err, &p) || p.Value != "in the job" {
				t.Errorf("a job that panicked: %v", err)
			}
			begun := make(chan struct{})
			for range 3 { // two that block, and one that is queued
				fiber.Go(ctx, func(ctx context.Context) (int, error) {
					defer func() { heard++ }()
					_, err := executor.Blocking(ctx, func() (int, error) {
						begun <- struct{}{}
						<-release
						ended <- struct{}{}
						return 0, nil
					})
					if !errors.Is(err, rouse.ErrCanceled) {
						t.Errorf("a fiber whose job went on heard %v", err)
					}
					return 0, err
				}).Detach()
			}
			for range 2 {
				turn(t, ctx)
				for done := false; !done; {
					select {
					case <-begun:
						done = true
					default:
						if err := fiber.Yield(ctx); err != nil {
							return err
						}
						runtime.Gosched()
					}
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		if heard != 3 {
			t.Errorf("%d fibers were unwound", heard)
		}
		close(release)
		receive(t, ended)
		receive(t, ended)
	})
}

// A paused clock moves when no fiber can run, and then to the next deadline.
func TestConformance_122_PausedTime(t *testing.T) {
	for range 2 { // the same each time
		bound(t)
		var trace []string
		w := world{"paused", manualAdvancing}
		cfg, _ := w.config(t)
		cfg.Tick, cfg.Seed = time.Nanosecond, 1
		if err := executor.RunWith(cfg, func(ctx context.Context) error {
			l := executor.FromContext(ctx)
			var hs []rouse.JoinHandle[int]
			for _, span := range []time.Duration{365 * 24 * time.Hour, 1500 * time.Nanosecond, time.Hour} {
				hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
					_, err := rouse.Await(ctx, fut[struct{}](timer.Sleep(span)))
					trace = append(trace, fmt.Sprint(span, "@", l.Now()))
					return 0, err
				}))
			}
			hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
				for range 1000 {
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
				}
				trace = append(trace, fmt.Sprint("busy@", l.Now()))
				return 0, nil
			}))
			for _, h := range hs {
				if _, err := h.Join(ctx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		want := fmt.Sprintf("busy@0 1.5µs@1500 1h0m0s@%d 8760h0m0s@%d", int64(time.Hour), int64(365*24*time.Hour))
		if got := strings.Join(trace, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
