package fiber_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

func TestConformance_051_AbortRunsTheDefers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			var g gate
			var trace []string
			var inner context.Context
			j := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				inner = ctx
				defer func() { trace = append(trace, "outer") }()
				defer func() { trace = append(trace, "inner") }()
				err := g.await(ctx)
				if err != rouse.ErrCanceled || !errors.Is(err, context.Canceled) {
					t.Errorf("the await: %v", err)
				}
				if ctx.Err() != context.Canceled {
					t.Errorf("ctx.Err: %v", ctx.Err())
				}
				trace = append(trace, "await")
				if err := g.await(ctx); err != rouse.ErrCanceled { // every later one, too
					t.Errorf("the next await: %v", err)
				}
				return 7, nil // too late
			})
			turn(t, ctx)
			j.Abort()
			if _, err := j.Join(ctx); err != rouse.ErrCanceled {
				t.Errorf("Join: %v", err)
			}
			if got := strings.Join(trace, " "); got != "await inner outer" {
				t.Errorf("trace %q", got)
			}
			g.check(t, 2)
			<-inner.Done() // closed by now
			return nil
		})
	})
}

func TestConformance_050_AbortBeforeTheFirstRun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			j := fiber.Go(ctx, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
			j.Abort()
			_, err := j.Join(ctx)
			if err != rouse.ErrCanceled {
				t.Error(err)
			}
			return nil
		})
	})
}

func TestConformance_058_AFiberAbortsItself(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			for _, awaits := range []bool{false, true} {
				var j rouse.JoinHandle[int]
				j = fiber.Go(ctx, func(ctx context.Context) (int, error) {
					j.Abort()
					if awaits {
						return 1, new(gate).await(ctx)
					}
					return 1, nil
				})
				v, err := j.Join(ctx)
				if awaits && err != rouse.ErrCanceled || !awaits && (v != 1 || err != nil) {
					t.Errorf("awaits %v: %d, %v", awaits, v, err)
				}
			}
			return nil
		})
	})
}

// A cancelled fiber that goes on awaiting is unwound after its grace; the
// others are served meanwhile.
func TestAStubbornFiberIsUnwound(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cfg, log := w.config(t)
		cfg.Grace = 20 * time.Millisecond
		err := executor.RunWith(cfg, func(ctx context.Context) error {
			l := executor.FromContext(ctx)
			var ended gate
			awaits, cleaned := 0, false
			j := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				defer ended.Open()
				defer func() {
					new(gate).await(ctx) // a deferred call that awaits is unwound, too
					cleaned = true       // so this is not reached
				}()
				for {
					new(gate).await(ctx)
					awaits++
				}
			})
			turn(t, ctx)
			start := l.Driver().Now()
			j.Abort()
			if _, err := j.Join(ctx); err != rouse.ErrCanceled { // the handle does not wait for the grace
				t.Error(err)
			}
			if err := ended.await(ctx); err != nil {
				t.Error(err)
			}
			if d := time.Duration(l.Driver().Now() - start); d < cfg.Grace {
				t.Errorf("unwound after %v", d)
			}
			if awaits < 2 || awaits > 1000 || cleaned {
				t.Errorf("%d awaits in the time of grace; cleaned %v", awaits, cleaned)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if s := log.String(); s != "" {
			t.Errorf("log: %s", s)
		}
	})
}

// One that recovers from that, too, is abandoned, and reported by name.
func TestAFiberThatResistsIsAbandoned(t *testing.T) {
	for _, atClose := range []bool{false, true} {
		eachWorld(t, func(t *testing.T, w world) {
			abandoned.Add(1)
			cfg, log := w.config(t)
			cfg.Grace = 3 * time.Millisecond
			err := executor.RunWith(cfg, func(ctx context.Context) error {
				j := fiber.Go(ctx, func(ctx context.Context) (int, error) {
					for {
						func() {
							defer func() { recover() }()
							new(gate).await(ctx)
						}()
					}
				}, executor.Named("villain"))
				turn(t, ctx)
				if atClose {
					return nil
				}
				j.Abort()
				_, err := j.Join(ctx)
				if err != rouse.ErrCanceled {
					t.Error(err)
				}
				for !strings.Contains(log.String(), "abandoned") {
					if _, err := rouse.Await(ctx, fut[struct{}](timer.Sleep(time.Millisecond))); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			s := log.String()
			if strings.Count(s, "resists and is abandoned") != 1 || !strings.Contains(s, "task=villain") || !strings.Contains(s, "cancel_test.go:") {
				t.Errorf("log: %s", s)
			}
			if !strings.Contains(s, "fibers abandoned") || !strings.Contains(s, "count=1") {
				t.Errorf("Close does not count it: %s", s)
			}
		})
	}
}

// On a clock that stands still nothing hangs either.
func TestAStubbornFiberOnAStoppedClock(t *testing.T) {
	bound(t)
	w := stopped()
	cfg, _ := w.config(t)
	cfg.Grace = 5 * time.Millisecond
	l, err := executor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	j := fiber.Go(l.Context(t.Context()), func(ctx context.Context) (int, error) {
		defer func() { ended = true }()
		for {
			new(gate).await(ctx)
		}
	})
	idle(t, l)
	j.Abort()
	idle(t, l) // must return, though the fiber is still dying
	if ended {
		t.Error("unwound before its grace was over")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if !ended {
		t.Error("not unwound by Close")
	}
}

func TestAPanicOfACancelledFiberIsReported(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cfg, log := w.config(t)
		var seen *rouse.PanicError
		cfg.OnPanic = func(p *rouse.PanicError) { seen = p }
		err := executor.RunWith(cfg, func(ctx context.Context) error {
			j := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				defer func() { panic("last words") }()
				return 0, new(gate).await(ctx)
			}, executor.Named("speaker"))
			turn(t, ctx)
			j.Abort()
			if _, err := j.Join(ctx); err != rouse.ErrCanceled {
				t.Error(err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if seen == nil || seen.Value != "last words" || seen.Name != "speaker" || !strings.Contains(log.String(), "last words") {
			t.Errorf("%v; log: %s", seen, log)
		}
	})
}

// The end of the executor unwinds fibers at every stage.
func TestConformance_087_CloseEndsFibers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		ctx := l.Context(t.Context())
		ended, ran := 0, 0
		var hs []rouse.JoinHandle[int]
		start := func() {
			hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
				ran++
				defer func() { ended++ }()
				defer fiber.Go(ctx, func(context.Context) (int, error) { t.Error("ran after Close"); return 0, nil })
				return 0, new(gate).await(ctx)
			}))
		}
		for range 10 {
			start()
		}
		idle(t, l)
		for range 5 {
			start() // these never run
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if ran != 10 || ended != 10 {
			t.Errorf("%d ran, %d ended", ran, ended)
		}
		for _, h := range hs {
			if _, err := rouse.BlockOn(fut[int](h)); err != rouse.ErrCanceled {
				t.Error(err)
			}
		}
	})
}
