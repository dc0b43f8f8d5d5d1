package rouse

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
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

func TestConformance_074_PanicInBlockOn(t *testing.T) {
	p := doing(func(*Context) (int, error) { panic("thrown") })
	wantPanic(t, "thrown", func() { BlockOn[int](p) })
	p.check(t, 1, 1)
}

func TestBlockOnSleepsUntilWoken(t *testing.T) {
	var open flag
	p := open.wait()
	result := make(chan int, 1)
	go func() {
		v, _ := BlockOn[int](p)
		result <- v
	}()
	eventually(t, "the first poll", func() bool { return p.polls.Load() == 1 })
	open.raise()
	if v := receive(t, result); v != 1 {
		t.Errorf("BlockOn: %d", v)
	}
	p.check(t, 2, 0)
}

// Any number of wakes before BlockOn looks are one poll; the budget is whole at
// each.
func TestBlockOnCollapsesWakes(t *testing.T) {
	p := &probe{script: func(cx *Context, poll int) (int, error) {
		if poll == 4 {
			return poll, nil
		}
		for range budgetPerPoll {
			if !cx.Spend() {
				t.Error("the budget is not whole")
			}
		}
		for range 5 {
			cx.WakeByRef()
		}
		return 0, Pending
	}}
	if v, err := BlockOn[int](p); v != 4 || err != nil {
		t.Errorf("BlockOn: %d, %v", v, err)
	}
	p.check(t, 4, 0)
}

// fakeFiber is an Awaiter on a goroutine: Suspend blocks it until a wake.
type fakeFiber struct {
	ex      Executor
	current bool
	token   chan struct{}
	cx      *Context
	refuse  error // what Begin returns
	unwind  error // what Suspend returns
	begins  int
}

func newFakeFiber(ex Executor) *fakeFiber {
	f := &fakeFiber{ex: ex, current: true, token: make(chan struct{}, 1)}
	f.cx = NewExecutorContext(ex, nil)
	f.cx.waker = NewWaker(&parked{token: f.token})
	return f
}

func (f *fakeFiber) Executor() Executor          { return f.ex }
func (f *fakeFiber) Current() bool               { return f.current }
func (f *fakeFiber) Begin(context.Context) error { f.begins++; return f.refuse }
func (f *fakeFiber) Context() *Context           { return f.cx }
func (f *fakeFiber) Suspend(context.Context) error {
	if f.unwind != nil {
		return f.unwind
	}
	<-f.token
	return nil
}

// fiberCtx is a ctx that carries a fiber, as a fiber's own ctx does.
type fiberCtx struct {
	parent context.Context
	*fakeFiber
}

func (c fiberCtx) Deadline() (time.Time, bool) { return c.parent.Deadline() }
func (c fiberCtx) Done() <-chan struct{}       { return c.parent.Done() }
func (c fiberCtx) Err() error                  { return c.parent.Err() }

func (c fiberCtx) Value(key any) any {
	if IsCarrierKey(key) {
		return c
	}
	return c.parent.Value(key)
}

func TestAwaitInAFiber(t *testing.T) {
	own := &engine{rig: newRig(t, atomicKind)}
	bad := errors.New("bad")
	tests := []struct {
		name  string
		setup func(f *fakeFiber)
		p     *probe
		v     int
		err   error
		polls int32
		drops int32
	}{
		{"result", func(*fakeFiber) {}, pendingFor(0, 4), 4, nil, 1, 0},
		{"woken", func(*fakeFiber) {}, &probe{script: func(cx *Context, poll int) (int, error) {
			if poll < 3 {
				go cx.Waker().Wake()
				return 0, Pending
			}
			return poll, nil
		}}, 3, nil, 3, 0},
		{"refused", func(f *fakeFiber) { f.refuse = bad }, forever(), 0, bad, 0, 1},
		{"unwound", func(f *fakeFiber) { f.unwind = ErrCanceled }, forever(), 0, ErrCanceled, 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeFiber(own)
			test.setup(f)
			var ctx context.Context = fiberCtx{context.Background(), f}
			if ExecutorFrom(ctx) != own {
				t.Error("ExecutorFrom doesn't return the fiber's executor")
			}
			if test.name == "woken" { // a derived ctx carries the fiber too
				derived, cancel := context.WithCancel(ctx)
				defer cancel()
				ctx = derived
			}
			v, err := Await[int](ctx, test.p)
			if v != test.v || err != test.err || f.begins != 1 {
				t.Errorf("Await: %d, %v; %d begins", v, err, f.begins)
			}
			test.p.check(t, test.polls, test.drops)
		})
	}
}

// A fiber of one executor awaits a future that belongs to another: the future
// is polled there, the fiber suspends here.
func TestAwaitOnInAFiberOfAnotherExecutor(t *testing.T) {
	ours := &engine{rig: newRig(t, atomicKind)}
	theirs := start(t, localKind, 1)
	f := newFakeFiber(ours)
	ctx := fiberCtx{context.Background(), f}
	p := doing(func(cx *Context) (int, error) {
		if cx.Executor() != theirs.executor() {
			t.Error("polled by the wrong executor")
		}
		return 6, nil
	})
	if v, err := AwaitOn[int](ctx, theirs.executor(), p); v != 6 || err != nil || f.begins != 1 {
		t.Errorf("AwaitOn: %d, %v; %d begins", v, err, f.begins)
	}
	// Cancelled: aborted there.
	f.unwind = ErrCanceled
	q := forever()
	if _, err := AwaitOn[int](ctx, theirs.executor(), q); err != ErrCanceled {
		t.Errorf("AwaitOn: %v", err)
	}
	eventually(t, "the future is dropped", func() bool { return q.drops.Load() == 1 })
	// Join suspends the fiber too.
	f.unwind = nil
	if v, err := theirs.spawn(pendingFor(0, 8)).Join(ctx); v != 8 || err != nil || f.begins != 3 {
		t.Errorf("Join: %d, %v; %d begins", v, err, f.begins)
	}
}

// A ctx that has travelled to another goroutine than the fiber's own is a plain
// goroutine's: it blocks.
func TestAwaitWithAFibersCtxElsewhere(t *testing.T) {
	e := start(t, localKind, 1)
	f := newFakeFiber(e.executor())
	f.current = false
	ctx := fiberCtx{context.Background(), f}
	if v, err := Await(ctx, Ready(4)); v != 4 || err != nil || f.begins != 0 {
		t.Errorf("Await: %d, %v; %d begins", v, err, f.begins)
	}
}
