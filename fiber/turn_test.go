package fiber_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/timer"
)

// However the turn gets from one to the next, directly or by the loop, the order
// is that of the queue.
func TestFibersAndTasksTakeTurnsInOrder(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			const n, rounds = 300, 4 // more than a batch
			l := executor.FromContext(ctx)
			var order []int
			var hs []rouse.JoinHandle[int]
			for i := range n {
				if i%7 == 3 {
					left := rounds
					hs = append(hs, executor.Spawn[int](l, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
						order = append(order, i)
						if left--; left == 0 {
							return i, nil
						}
						cx.WakeByRef()
						return 0, rouse.Pending
					})))
					continue
				}
				hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
					for range rounds - 1 {
						order = append(order, i)
						if err := fiber.Yield(ctx); err != nil {
							return 0, err
						}
					}
					order = append(order, i)
					return i, nil
				}))
			}
			for i, h := range hs {
				if v, err := h.Join(ctx); v != i || err != nil {
					t.Fatalf("%d, %v; want %d", v, err, i)
				}
			}
			for round := range rounds {
				if turns := order[round*n : (round+1)*n]; !slices.IsSorted(turns) {
					t.Fatalf("round %d: %v", round, turns)
				}
			}
			return nil
		})
	})
}

func TestFibersThatPassTheTurnStarveNobody(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			over := false
			yielder := func(ctx context.Context) (n int, err error) {
				for ; !over && err == nil; n++ {
					err = fiber.Yield(ctx)
				}
				return n, err
			}
			a, b := fiber.Go(ctx, yielder), fiber.Go(ctx, yielder)
			d := time.Millisecond
			if w.name == "manual" { // its clock goes on when nobody is runnable
				d = 0
			}
			h := executor.Spawn[struct{}](executor.FromContext(ctx), timer.Sleep(d))
			if _, err := h.Join(ctx); err != nil {
				t.Error(err)
			}
			over = true
			for _, h := range []rouse.JoinHandle[int]{a, b} {
				if _, err := h.Join(ctx); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
	})
}

// Fibers that yield, start others, abort each other and themselves, and end in
// every way there is: each handle hears how.
func TestEveryWayToLoseTheTurn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 7))
			l, log := w.local(t)
			const most = 400
			var hs []rouse.JoinHandle[int]
			var want []error // of each; nil if it returned its number
			broken, fell := errors.New("broken"), errors.New("fell")
			var start func(ctx context.Context)
			start = func(ctx context.Context) {
				i := len(hs)
				want = append(want, rouse.ErrCanceled) // until it has run
				hs = append(hs, fiber.Go(ctx, func(ctx context.Context) (int, error) {
					for {
						switch k := rng.IntN(40); {
						case k < 4 && len(hs) < most:
							start(ctx)
						case k < 6:
							hs[rng.IntN(len(hs))].Abort()
						case k < 7:
							want[i] = rouse.ErrGoexit
							runtime.Goexit()
						case k < 8:
							want[i] = fell
							panic("fell")
						case k < 9:
							want[i] = broken
							return 0, broken
						case k < 12:
							want[i] = nil
							return i, nil
						}
						if err := fiber.Yield(ctx); err != nil {
							return 0, err
						}
					}
				}))
			}
			ctx := l.Context(t.Context())
			for range 20 {
				start(ctx)
			}
			idle(t, l)
			for i, h := range hs {
				v, err := executor.RunUntil[int](l, h)
				var p *rouse.PanicError
				switch {
				case want[i] == fell:
					if !errors.As(err, &p) || p.Value != "fell" {
						t.Fatalf("seed %d: fiber %d: %v; want a panic", seed, i, err)
					}
				case err != want[i] || err == nil && v != i:
					t.Fatalf("seed %d: fiber %d: %d, %v; want %v", seed, i, v, err, want[i])
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if _, text, found := strings.Cut(log.String(), "fibers abandoned"); found {
				var n int64 // coroutines that have served a Goexit
				if _, err := fmt.Sscanf(text[strings.Index(text, "count="):], "count=%d", &n); err != nil {
					t.Fatal(err)
				}
				abandoned.Add(n)
			}
		}
	})
}

// What wakes the awaiter of a fiber may be anybody's; it runs on the loop's
// goroutine.
func TestAForeignAwaiterIsWokenByTheLoop(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		ctx := l.Context(t.Context())
		a := fiber.Go(ctx, func(context.Context) (int, error) { return 1, nil })
		b := fiber.Go(ctx, func(context.Context) (int, error) { return 2, nil })
		who := &witness{}
		var cx rouse.Context
		_, err := executor.RunUntil[int](l, rouse.FutureFunc[int](func(outer *rouse.Context) (int, error) {
			v, err := a.Poll(outer.Derive(&cx, rouse.NewWaker(who)))
			if err == rouse.Pending {
				outer.WakeByRef()
			}
			return v, err
		}))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := executor.RunUntil[int](l, b); v != 2 || err != nil {
			t.Fatalf("%d, %v", v, err)
		}
		if who.g != 0 && who.g != gid.Identity() {
			t.Error("woken on the fiber's goroutine")
		}
	})
}

// A witness notes on which goroutine it is woken.
type witness struct{ g uintptr }

func (w *witness) WakeByRef() { w.g = gid.Identity() }

// Fibers share what their contexts have in common; each has its own parent's
// values nevertheless, also after its end, and whatever type the parent is of.
func TestAFibersCtxHasItsParentsValues(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		w.run(t, func(ctx context.Context) error {
			type key struct{}
			for i := range 12 {
				parent := context.WithValue(ctx, key{}, i/2) // each twice
				if i%4 >= 2 {
					parent = uncomparable{parent, nil}
				}
				var kept context.Context
				for range 2 {
					_, err := fiber.Go(parent, func(ctx context.Context) (int, error) {
						kept = ctx
						if v := ctx.Value(key{}); v != i/2 {
							t.Errorf("%v; want %d", v, i/2)
						}
						inner := fiber.Go(ctx, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
						if v, err := inner.Join(ctx); v != i/2 || err != nil {
							t.Errorf("%v, %v; want %d", v, err, i/2)
						}
						return 0, fiber.Yield(ctx)
					}).Join(ctx)
					if err != nil {
						t.Error(err)
					}
				}
				if v := kept.Value(key{}); v != i/2 || kept.Err() != context.Canceled {
					t.Errorf("after the end: %v, %v; want %d", v, kept.Err(), i/2)
				}
			}
			return nil
		})
	})
}

// uncomparable is a context type whose values == panics for.
type uncomparable struct {
	context.Context
	_ []int
}
