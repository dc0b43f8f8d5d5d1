package fiber_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// A ring is a future that is over when it was rung; at home only.
type ring struct {
	rung  bool
	polls int
	waker rouse.Waker
	inner func() // called in each poll
}

func (r *ring) Poll(cx *rouse.Context) (int, error) {
	r.polls++
	r.waker = cx.Waker()
	if r.inner != nil {
		r.inner()
	}
	if !r.rung {
		return 0, rouse.Pending
	}
	return r.polls, nil
}

// Spawned is lazy, and is run once without any wake.
func TestConformance_001_002_004_AFiberRunsByItself(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		runs := 0
		j := fiber.Go(l.Context(context.Background()), func(context.Context) (int, error) {
			runs++
			return 7, nil
		})
		if runs != 0 || j.IsFinished() {
			t.Fatalf("it ran %d times before the executor did", runs)
		}
		idle(t, l)
		if v, err := executor.RunUntil(l, fut[int](j)); v != 7 || err != nil || runs != 1 {
			t.Errorf("%d, %v after %d runs", v, err, runs)
		}
	})
}

func TestConformance_005_AFiberStartsAfterWhoSpawnsIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		var trace []string
		w.run(t, func(ctx context.Context) error {
			j := fiber.Go(ctx, func(context.Context) (int, error) {
				trace = append(trace, "child")
				return 0, nil
			})
			trace = append(trace, "parent")
			_, err := j.Join(ctx)
			return err
		})
		if !slices.Equal(trace, []string{"parent", "child"}) {
			t.Error(trace)
		}
	})
}

func TestConformance_007_AFiberAfterClose(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		idle(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		ran := false
		j := fiber.Go(l.Context(context.Background()), func(context.Context) (int, error) {
			ran = true
			return 0, nil
		})
		if _, err := j.Join(context.Background()); !errors.Is(err, rouse.ErrCanceled) || ran {
			t.Errorf("%v, ran: %v", err, ran)
		}
	})
}

// Several wakes before the fiber goes on are one, and one during a poll is
// another poll.
func TestConformance_003_013_015_016_WakesOfAFiber(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		r := new(ring)
		j := fiber.Go(l.Context(context.Background()), func(ctx context.Context) (int, error) {
			return rouse.Await(ctx, fut[int](r))
		})
		idle(t, l)
		want := r.polls // the first, and what the start of an await costs
		if want != 1 {
			t.Fatalf("%d polls before any wake", want)
		}
		for range 5 {
			r.waker.WakeByRef()
		}
		idle(t, l)
		if want++; r.polls != want {
			t.Fatalf("%d polls after five wakes, want %d", r.polls, want)
		}
		r.inner = func() { // during the next poll
			r.inner = nil
			for range 3 {
				r.waker.WakeByRef()
			}
		}
		r.waker.WakeByRef()
		idle(t, l)
		if want += 2; r.polls != want {
			t.Fatalf("%d polls after wakes during a poll, want %d", r.polls, want)
		}
		r.rung = true
		r.waker.WakeByRef()
		if v, err := executor.RunUntil(l, fut[int](j)); v != want+1 || err != nil {
			t.Fatalf("%d, %v", v, err)
		}
		last := r.waker
		last.WakeByRef() // of a fiber that has ended
		last.Wake()
		idle(t, l)
		if r.polls != want+1 {
			t.Errorf("polled after its end")
		}
	})
}

func TestConformance_017_018_AFiberWakesItselfAndEnds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		r := &ring{rung: true}
		r.inner = func() { r.waker.WakeByRef() }
		runs := 0
		j := fiber.Go(l.Context(context.Background()), func(ctx context.Context) (int, error) {
			runs++
			return rouse.Await(ctx, fut[int](r))
		})
		if v, err := executor.RunUntil(l, fut[int](j)); v != 1 || err != nil {
			t.Fatal(v, err)
		}
		r.waker.Wake()
		idle(t, l)
		if runs != 1 || r.polls != 1 || l.Live() != 0 {
			t.Errorf("%d runs, %d polls, %d live", runs, r.polls, l.Live())
		}
	})
}

func TestConformance_039_040_045_JoinOfAFiber(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			r := new(ring)
			before := fiber.Go(ctx, func(ctx context.Context) (int, error) { return rouse.Await(ctx, fut[int](r)) })
			if before.IsFinished() {
				t.Error("finished before it began")
			}
			waits := fiber.Go(ctx, func(ctx context.Context) (int, error) { return before.Join(ctx) }) // joins while it runs
			for r.polls == 0 {
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
			}
			r.rung = true
			r.waker.WakeByRef()
			if v, err := waits.Join(ctx); v != 2 || err != nil {
				t.Errorf("joined in a fiber: %d, %v", v, err)
			}
			if !before.IsFinished() || !waits.IsFinished() {
				t.Error("joined, and not finished")
			}
			after := fiber.Go(ctx, func(context.Context) (int, error) { return 9, nil })
			for !after.IsFinished() {
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
			}
			if v, err := after.Join(ctx); v != 9 || err != nil { // joined after the end
				t.Errorf("joined after the end: %d, %v", v, err)
			}
			defer func() {
				if recover() == nil {
					t.Error("a result was handed out twice")
				}
			}()
			_, _ = after.Join(ctx)
			return nil
		})
	})
}

func TestConformance_053_054_AbortOfAFiberThatHasEnded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			done := fiber.Go(ctx, func(context.Context) (int, error) { return 3, nil })
			for !done.IsFinished() {
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
			}
			done.Abort()
			if v, err := done.Join(ctx); v != 3 || err != nil {
				t.Errorf("aborted after the end: %d, %v", v, err)
			}
			begun, unwound := false, 0
			waits := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				begun = true
				defer func() { unwound++ }()
				return rouse.Await(ctx, fut[int](new(ring)))
			})
			for !begun {
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
			}
			waits.Abort()
			waits.AbortHandle().Abort() // twice
			if _, err := waits.Join(ctx); !errors.Is(err, rouse.ErrCanceled) || unwound != 1 {
				t.Errorf("aborted twice: %v, unwound %d times", err, unwound)
			}
			return nil
		})
	})
}

func TestConformance_063_065_ADetachedFiberRunsOn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		ends := 0
		for _, detach := range []bool{true, false} {
			j := fiber.Go(l.Context(context.Background()), func(ctx context.Context) (int, error) {
				defer func() { ends++ }()
				return 0, fiber.Yield(ctx)
			})
			if detach {
				j.Detach()
			} // else it is forgotten
		}
		idle(t, l)
		if ends != 2 || l.Live() != 0 {
			t.Errorf("%d have ended, %d live", ends, l.Live())
		}
	})
}

func TestConformance_069_073_APanicInAFiberIsItsJoiners(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			deferred := 0
			j := fiber.Go(ctx, func(context.Context) (int, error) {
				defer func() { deferred++ }()
				panic("on purpose")
			})
			_, err := j.Join(ctx)
			var p *rouse.PanicError
			if !errors.As(err, &p) || p.Value != "on purpose" || deferred != 1 {
				t.Errorf("%v, deferred %d times", err, deferred)
			}
			return nil
		})
	})
}

func TestConformance_095_109_FibersTakeTurns(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var trace []int
		for i := range 3 {
			fiber.Go(l.Context(context.Background()), func(ctx context.Context) (int, error) {
				for range 3 {
					trace = append(trace, i)
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
				}
				return 0, nil
			}).Detach()
		}
		idle(t, l)
		if !slices.Equal(trace, []int{0, 1, 2, 0, 1, 2, 0, 1, 2}) {
			t.Error(trace)
		}
	})
}
