package rouse

import (
	"context"
	"errors"
	"testing"
	"time"
)

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
