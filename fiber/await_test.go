package fiber_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

func TestAwaitInAFiberSuspendsThatFiberOnly(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			var g gate
			waiting := fiber.Go(ctx, func(ctx context.Context) (int, error) { return 1, g.await(ctx) })
			other := fiber.Go(ctx, func(context.Context) (int, error) { return 2, nil })
			if v, err := other.Join(ctx); v != 2 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
			if waiting.IsFinished() {
				t.Error("it does not wait")
			}
			g.Open()
			if v, err := waiting.Join(ctx); v != 1 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
			g.check(t, 0)
			return nil
		})
	})
}

// A ctx of a fiber in another goroutine blocks that goroutine and nothing else.
func TestAFibersCtxInAnotherGoroutine(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			var g gate
			started, done := make(chan struct{}), &gate{}
			go func() {
				close(started)
				if err := g.await(ctx); err != nil {
					t.Error(err)
				}
				// What belongs to the executor is polled there.
				if _, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(time.Millisecond))); err != nil {
					t.Error(err)
				}
				done.Open()
			}()
			<-started
			for range 100 { // we are not blocked
				if err := fiber.Yield(ctx); err != nil {
					return err
				}
			}
			g.Open()
			return done.await(ctx)
		})
	})
}

// The goroutine's await ends with the fiber, whose ctx it uses.
func TestAGoroutinesAwaitEndsWithTheFiber(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		result := make(chan error, 1)
		w.run(t, func(ctx context.Context) error {
			_, err := fiber.Go(ctx, func(ctx context.Context) (int, error) {
				started := &gate{}
				go func() {
					started.Open()
					result <- new(gate).await(ctx)
				}()
				return 0, started.await(ctx)
			}).Join(ctx)
			return err
		})
		if err := receive(t, result); err != context.Canceled && err != rouse.ErrCanceled {
			t.Error(err)
		}
	})
}

func TestAwaitInAFiberOfAnotherExecutor(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctxA context.Context) error {
			a := executor.FromContext(ctxA)
			result := &gate{}
			go func() {
				defer result.Open()
				w.run(t, func(ctxB context.Context) error {
					// Timers have a home: this one is polled on a, and the
					// fiber of b suspends.
					home, onA := a, false
					_, err := rouse.AwaitOn(ctxB, home, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
						onA = executor.From(cx) == a
						return 0, nil
					})))
					if !onA || err != nil {
						t.Errorf("polled on a: %v; %v", onA, err)
					}
					// While it waits, b serves others.
					var g gate
					other := fiber.Go(ctxB, func(ctx context.Context) (int, error) { g.Open(); return 0, nil })
					_, err = rouse.AwaitOn(ctxB, home, fut[int](&g))
					if err != nil {
						t.Error(err)
					}
					_, err = other.Join(ctxB)
					return err
				})
			}()
			return result.await(ctxA)
		})
	})
}

func TestADerivedCtxEndsTheAwait(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			// Cancelled by another fiber.
			derived, cancel := context.WithCancel(ctx)
			fiber.Go(ctx, func(context.Context) (int, error) { cancel(); return 0, nil })
			var g gate
			if err := g.await(derived); err != context.Canceled {
				t.Errorf("cancel: %v", err)
			}
			g.check(t, 1)
			// Over already.
			if err := new(gate).await(derived); err != context.Canceled {
				t.Errorf("cancelled before: %v", err)
			}
			// A deadline of package context, that is of the real clock.
			derived, cancel = context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			if err := new(gate).await(derived); err != context.DeadlineExceeded {
				t.Errorf("deadline: %v", err)
			}
			// The fiber itself is well.
			if err := fiber.Yield(ctx); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			// The same derived ctx again and again, and two in turn.
			a, cancelA := context.WithCancel(ctx)
			b, cancelB := context.WithCancel(ctx)
			for range 10 {
				if err := errors.Join(fiber.Yield(a), fiber.Yield(b), fiber.Yield(ctx)); err != nil {
					t.Error(err)
				}
			}
			cancelA()
			if err := fiber.Yield(a); err != context.Canceled {
				t.Error(err)
			}
			if err := fiber.Yield(b); err != nil {
				t.Error(err)
			}
			cancelB()
			return nil
		})
	})
}

func TestDerivingFromAFibersCtxStartsNoGoroutine(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			before := runtime.NumGoroutine()
			var cancels []context.CancelFunc
			for range 100 {
				child, cancel := context.WithCancel(ctx)
				grandchild, cancel2 := context.WithCancel(context.WithValue(child, limit, 1))
				cancels = append(cancels, cancel, cancel2)
				if grandchild.Err() != nil {
					t.Error("born cancelled")
				}
			}
			if n := runtime.NumGoroutine(); n > before {
				t.Errorf("%d goroutines, before %d", n, before)
			}
			for _, cancel := range cancels {
				cancel()
			}
			return nil
		})
	})
}

func TestTheCtxOfAFiber(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		type key struct{}
		var kept, derived context.Context
		w.run(t, func(ctx context.Context) error {
			parent, cancel := context.WithDeadline(context.WithValue(ctx, key{}, "v"), time.Now().Add(time.Hour))
			defer cancel()
			j := fiber.Go(parent, func(ctx context.Context) (int, error) {
				kept = ctx
				var cancel context.CancelFunc
				derived, cancel = context.WithCancel(ctx)
				t.Cleanup(cancel) // much later: it must end with the fiber
				if ctx.Value(key{}) != "v" || derived.Value(key{}) != "v" {
					t.Error("the parent's value is lost")
				}
				want, _ := parent.Deadline()
				if at, ok := ctx.Deadline(); !ok || !at.Equal(want) {
					t.Errorf("deadline %v", at)
				}
				if ctx.Err() != nil || derived.Err() != nil {
					t.Error("ended before its time")
				}
				return 0, nil
			})
			if _, err := j.Join(ctx); err != nil {
				return err
			}
			if derived.Err() != context.Canceled || kept.Err() != context.Canceled {
				t.Errorf("after the end: %v, %v", derived.Err(), kept.Err())
			}
			return nil
		})
	})
}

// 067: a fiber that was started with a fiber's own ctx outlives it, ended or
// aborted; one started with a derived ctx does not.
func TestConformance_067_AFiberOutlivesItsParent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			for _, abort := range []bool{false, true} {
				var g, started gate
				var child, bound rouse.JoinHandle[int]
				parent := fiber.Go(ctx, func(ctx context.Context) (int, error) {
					child = fiber.Go(ctx, func(ctx context.Context) (int, error) { return 1, g.await(ctx) })
					derived, cancel := context.WithCancel(ctx)
					defer cancel()
					bound = fiber.Go(derived, func(ctx context.Context) (int, error) { return 1, new(gate).await(ctx) })
					turn(t, ctx)
					started.Open()
					if abort {
						return 0, new(gate).await(ctx)
					}
					return 0, nil
				})
				if err := started.await(ctx); err != nil {
					return err
				}
				if abort {
					parent.Abort()
				}
				parent.Join(ctx)
				if _, err := bound.Join(ctx); err != context.Canceled {
					t.Errorf("abort %v: the bound one: %v", abort, err)
				}
				if child.IsFinished() {
					t.Errorf("abort %v: the child ended with its parent", abort)
				}
				g.Open()
				if v, err := child.Join(ctx); v != 1 || err != nil {
					t.Errorf("abort %v: the child: %d, %v", abort, v, err)
				}
			}
			return nil
		})
	})
}

func TestBlockingCallsInAFiberPanicWithTheRemedy(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			mustPanic(t, "use a fiber", func() { rouse.BlockOn(fut[int](new(gate))) })
			mustPanic(t, "poll the future instead", func() { new(gate).await(context.Background()) })
			return nil
		})
		l, _ := w.local(t)
		executor.SpawnDetached(l, rouse.Future[int](rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
			mustPanic(t, "poll the future instead", func() { new(gate).await(l.Context(t.Context())) })
			return 0, nil
		})))
		idle(t, l)
	})
}

// Two executors in two goroutines pass work to each other.
func TestTwoExecutorsPassWorkToEachOther(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		rounds := 300
		a, b := make(chan context.Context, 1), make(chan context.Context, 1)
		var wg sync.WaitGroup
		play := func(mine chan<- context.Context, theirs <-chan context.Context) {
			w.run(t, func(ctx context.Context) error {
				mine <- ctx
				other, err := executor.Blocking(ctx, func() (context.Context, error) { return <-theirs, nil })
				if err != nil {
					return err
				}
				for i := range rounds {
					v, err := fiber.Go(other, func(ctx context.Context) (int, error) {
						if executor.FromContext(ctx) != executor.FromContext(other) {
							t.Error("it runs at home")
						}
						return i, fiber.Yield(ctx)
					}).Join(ctx)
					if v != i || err != nil {
						return err
					}
				}
				// Leave when the other one is through, too.
				mine <- ctx
				_, err = executor.Blocking(ctx, func() (context.Context, error) { return <-theirs, nil })
				return err
			})
		}
		wg.Go(func() { play(a, b) })
		wg.Go(func() { play(b, a) })
		wg.Wait()
	})
}
