package channel_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

func TestFibers(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		const n = 1000
		for _, capacity := range []int{1, 2, 7, 100} {
			c := channel.NewBounded[int](capacity)
			j := goFiber(ctx, l, func(ctx context.Context) {
				for i := range n {
					if err := c.Send(ctx, i); err != nil {
						t.Error(err)
					}
				}
				c.Close()
			})
			for i := range n {
				v, err := c.Recv(ctx)
				check(t, v, err, i, nil)
			}
			v, err := c.Recv(ctx)
			check(t, v, err, 0, channel.ErrClosed)
			if err := c.Send(ctx, 1); err != channel.ErrClosed {
				t.Error(err)
			}
			j.Join(ctx)
		}
	})
}

// A fiber that never has to wait lets others run all the same.
func TestFiberSpendsBudget(t *testing.T) {
	mustKnowGoroutines(t) // else the other fiber's start is mail, and waits for a turn of the loop
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		turns, stop := 0, false
		j := goFiber(ctx, l, func(ctx context.Context) {
			for !stop {
				turns++
				yield(ctx)
			}
		})
		for range 10_000 {
			c.Send(ctx, 1)
			c.Recv(ctx)
		}
		stop = true
		j.Join(ctx)
		if turns < 50 {
			t.Errorf("the other fiber had %d turns in 20000 operations", turns)
		}
	})
}

func TestFiberCtxEnds(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		short, cancel := context.WithCancel(ctx)
		j := goFiber(ctx, l, func(context.Context) { cancel() })
		if _, err := c.Recv(short); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		j.Join(ctx)
		c.Send(ctx, 1)
		if _, err := c.Recv(short); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := c.Send(short, 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		v, err := c.Recv(ctx)
		check(t, v, err, 1, nil)
	})
}

// An aborted task gives back what it was promised.
func TestConformance_125_AbortedFiber(t *testing.T) {
	run(t, func(ctx context.Context, l *executor.Local) {
		c := channel.NewBounded[int](1)
		got := 0
		a := goFiber(ctx, l, func(ctx context.Context) {
			if v, err := c.Recv(ctx); err == nil {
				t.Error("the aborted fiber received", v)
			}
		})
		b := goFiber(ctx, l, func(ctx context.Context) { got, _ = c.Recv(ctx) })
		yield(ctx)
		yield(ctx)
		if err := c.Send(ctx, 7); err != nil { // wakes a
			t.Error(err)
		}
		a.Abort()
		b.Join(ctx)
		if got != 7 {
			t.Errorf("the second receiver got %d", got)
		}
		if _, err := a.Join(ctx); err != rouse.ErrCanceled {
			t.Error(err)
		}
	})
}

func TestCtxFormInsidePollPanics(t *testing.T) {
	mustKnowGoroutines(t)
	l := newLocal(t)
	c := channel.NewBounded[int](1)
	c.Bind(l)
	j := executor.Spawn(l, rouse.Future[int](rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		return c.Recv(context.Background())
	})))
	_, err := executor.RunUntil(l, rouse.Future[int](j))
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
}
