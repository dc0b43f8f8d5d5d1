package rouse

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// bare is an executor without a Home: Await reaches it by Inject alone.
type bare struct{ e *engine }

func (b bare) Now() int64                     { return b.e.Now() }
func (b bare) Rand() uint64                   { return b.e.Rand() }
func (b bare) Inject(fn func(*Context)) error { return b.e.Inject(fn) }

// awaits are the ways in which a plain goroutine can wait for a future.
var awaits = []struct {
	name string
	// with starts what is needed and returns a ctx and home for AwaitOn.
	with func(t *testing.T) (*engine, Executor)
}{
	{"no executor", func(*testing.T) (*engine, Executor) { return nil, nil }},
	{"with a Home", func(t *testing.T) (*engine, Executor) {
		e := start(t, localKind, 1)
		return e, e.executor()
	}},
	{"a loop without a Home", func(t *testing.T) (*engine, Executor) {
		e := start(t, localKind, 1)
		return e, bare{e}
	}},
	{"threads without a Home", func(t *testing.T) (*engine, Executor) {
		e := start(t, atomicKind, 3)
		return e, bare{e}
	}},
}

func forEachAwait(t *testing.T, test func(t *testing.T, ctx context.Context, e *engine, ex Executor)) {
	for _, a := range awaits {
		t.Run(a.name, func(t *testing.T) {
			e, ex := a.with(t)
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			if ex != nil {
				ctx = WithExecutor(ctx, ex)
			}
			if ExecutorFrom(ctx) != ex {
				t.Error("ExecutorFrom returns another executor than WithExecutor was given")
			}
			test(t, ctx, e, ex)
		})
	}
}

func TestAwaitReturnsTheResult(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		bad := errors.New("bad")
		for i := range 50 {
			p := &probe{script: func(cx *Context, poll int) (int, error) {
				if cx.Executor() == nil && ex != nil {
					t.Error("polled without an executor")
				}
				if poll <= i%4 {
					w := cx.Waker()
					if i%2 == 0 {
						go w.Wake()
					} else {
						w.Wake()
					}
					return 0, Pending
				}
				return i, bad
			}}
			if v, err := Await[int](ctx, p); v != i || err != bad {
				t.Errorf("Await: %d, %v; want %d, %v", v, err, i, bad)
			}
			p.check(t, int32(i%4)+1, 0)
		}
		if v, err := AwaitOn(context.Background(), ex, Ready(3)); v != 3 || err != nil {
			t.Errorf("AwaitOn: %d, %v", v, err)
		}
	})
}

func TestAwaitPollsAtHome(t *testing.T) {
	needsGid(t)
	e := start(t, localKind, 1)
	for _, ex := range []Executor{e.executor(), bare{e}} {
		p := doing(func(*Context) (int, error) {
			if !e.loop.AtHome() {
				t.Error("polled elsewhere")
			}
			return 0, nil
		})
		if _, err := Await[int](WithExecutor(context.Background(), ex), p); err != nil {
			t.Error(err)
		}
	}
}

func TestAwaitDropsOnceWhenCtxEnds(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		for range 50 {
			ctx, cancel := context.WithCancel(ctx)
			dropped := make(chan struct{})
			polled := make(chan struct{})
			p := &probe{
				script: func(_ *Context, poll int) (int, error) {
					if poll == 1 {
						close(polled)
					}
					return 0, Pending
				},
				onDrop: func() { close(dropped) },
			}
			result := make(chan error, 1)
			go func() {
				_, err := Await[int](ctx, p)
				result <- err
			}()
			receive(t, polled)
			cancel()
			if err := receive(t, result); err != context.Canceled {
				t.Errorf("Await with a ctx that ends: %v", err)
			}
			receive(t, dropped)
			p.check(t, 1, 1)
		}
	})
}

func TestAwaitDropsUnpolledWhenCtxHasEnded(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		p := pendingFor(0, 1)
		if _, err := Await[int](ctx, p); err != context.Canceled {
			t.Errorf("Await: %v", err)
		}
		p.check(t, 0, 1)
	})
}

func TestAwaitRacesWithTheEndOfCtx(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		for range 60 {
			ctx, cancel := context.WithCancel(ctx)
			var open flag
			p := open.wait()
			var wg sync.WaitGroup
			wg.Go(cancel)
			wg.Go(open.raise)
			v, err := Await[int](ctx, p)
			if err == nil && v != 1 || err != nil && err != context.Canceled {
				t.Errorf("Await: %d, %v", v, err)
			}
			// Either the future returned its result or it is dropped.
			eventually(t, "the future is spent", func() bool { return p.returned.Load() || p.drops.Load() == 1 })
			wg.Wait() // a late wake would cost another test's BlockOn a poll
		}
	})
}

func TestAwaitOnAClosedExecutor(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		if e == nil {
			t.Skip("there is none")
		}
		e.close()
		p := forever()
		if _, err := Await[int](ctx, p); err != ErrCanceled {
			t.Errorf("Await: %v", err)
		}
		p.check(t, 0, 1)
	})
}

func TestAwaitWhileTheExecutorCloses(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		if e == nil || e.loop == nil {
			t.Skip("nobody drops idle tasks of the atomic kind")
		}
		if _, hasHome := ex.(homeEngine); !hasHome {
			t.Skip("nobody drops idle tasks of the atomic kind")
		}
		p := forever()
		result := make(chan error, 1)
		go func() {
			_, err := Await[int](ctx, p)
			result <- err
		}()
		eventually(t, "the first poll", func() bool { return p.polls.Load() == 1 })
		e.close()
		if err := receive(t, result); err != ErrCanceled {
			t.Errorf("Await: %v", err)
		}
		p.check(t, 1, 1)
	})
}

func TestAwaitOfAPanic(t *testing.T) {
	forEachAwait(t, func(t *testing.T, ctx context.Context, e *engine, ex Executor) {
		p := doing(func(*Context) (int, error) { panic("thrown") })
		if ex == nil { // 074: to the caller, who polls
			wantPanic(t, "thrown", func() { Await[int](ctx, p) })
		} else if _, err := Await[int](ctx, p); err == nil || err.(*PanicError).Value != "thrown" {
			t.Errorf("Await: %v", err)
		}
		p.check(t, 1, 1)
		if v, err := Await(ctx, Ready(2)); v != 2 || err != nil {
			t.Errorf("the next Await: %d, %v", v, err)
		}
	})
}
