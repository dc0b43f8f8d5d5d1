package executor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/gid"
)

func TestConformance_001_PolledWithoutAWake(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		spawn(l, p)
		idle(t, l)
		p.check(t, 1, 0)
	})
}

func TestConformance_002_NotPolledBeforeTheRun(t *testing.T) {
	l, _ := onDefault(t)
	p := forever()
	spawn(l, p)
	elsewhere(t, func() { spawn(l, p) })
	p.check(t, 0, 0)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.check(t, 0, 2) // it was given to two tasks
}

func TestConformance_003_NoExtraPoll(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := forever()
		spawn(l, p)
		idle(t, l)
		for range 5 {
			p.waker.WakeByRef()
			idle(t, l)
			idle(t, l)
		}
		p.check(t, 6, 0)
	})
}

func TestConformance_004_ReadyAtOnceIsOnePoll(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		p := after(1, 7)
		if v, err := joined(l, spawn(l, p)); v != 7 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
		p.check(t, 1, 0)
	})
}

func TestConformance_005_SpawnInsideATaskIsLazy(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		var order []string
		child := doing(func(*rouse.Context) { order = append(order, "child") })
		spawn(l, doing(func(cx *rouse.Context) {
			if executor.From(cx) != l {
				t.Error("From names another executor")
			}
			spawn(executor.From(cx), child)
			order = append(order, "parent")
		}))
		idle(t, l)
		wantOrder(t, order, "parent", "child")
	})
}

func TestConformance_006_SpawnFromAnotherGoroutine(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		h := w.start(t)
		j := spawn(h.l, after(1, 1)) // idle: it must wake up
		if v, err := rouse.BlockOn(fut[int](j)); v != 1 || err != nil {
			t.Fatalf("idle: %d, %v", v, err)
		}
		busy := spawn(h.l, &probe{script: func(cx *rouse.Context, _ int) (int, error) {
			cx.WakeByRef()
			return 0, rouse.Pending
		}})
		for range 100 { // under load
			if v, err := rouse.BlockOn(fut[int](spawn(h.l, after(1, 2)))); v != 2 || err != nil {
				t.Fatalf("busy: %d, %v", v, err)
			}
		}
		busy.Abort()
		if err := h.stop(t); err != nil {
			t.Error(err)
		}
	})
}

func TestConformance_007_SpawnAfterCloseIsCancelled(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		q := l.NewQueue("q")
		idle(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		try := func() {
			p := forever()
			for name, j := range map[string]rouse.JoinHandle[int]{
				"Spawn":      spawn(l, p),
				"SpawnInto":  executor.SpawnInto(q, fut[int](p)),
				"SpawnValue": executor.SpawnValue[int](l, num{1}),
				"SpawnFiber": executor.SpawnFiber(context.Background(), l, func(context.Context) (int, error) {
					t.Error("a fiber ran after Close")
					return 0, nil
				}),
			} {
				if !j.IsFinished() {
					t.Errorf("%s: not finished", name)
				}
				if _, err := rouse.BlockOn(fut[int](j)); err != rouse.ErrCanceled {
					t.Errorf("%s: %v", name, err)
				}
			}
			executor.SpawnDetached(l, fut[int](p))
			p.check(t, 0, 3)
			if err := l.Inject(func(*rouse.Context) {}); err != rouse.ErrClosed {
				t.Errorf("Inject: %v", err)
			}
		}
		try()
		elsewhere(t, try)
	})
}

func TestConformance_008_NoExecutorFailsLoudly(t *testing.T) {
	bound(t)
	mustPanic(t, "fiber.Go needs a ctx that carries an executor", func() {
		fiber.Go(context.Background(), func(context.Context) (int, error) { return 0, nil })
	})
	if executor.FromContext(context.Background()) != nil {
		t.Error("FromContext of nothing")
	}
	if executor.From(rouse.NewContext(rouse.Waker{})) != nil {
		t.Error("From of nothing")
	}
}

// chain spawns its successor and waits for it.
type chain struct {
	left  int
	child *rouse.JoinHandle[int]
}

func (c *chain) Poll(cx *rouse.Context) (int, error) {
	if c.left == 0 {
		return 0, nil
	}
	if c.child == nil {
		j := executor.Spawn(executor.From(cx), fut[int](&chain{left: c.left - 1}))
		c.child = &j
	}
	n, err := c.child.Poll(cx)
	return n + 1, err
}

func TestConformance_009_TenThousandSpawns(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		const n = 10_000
		v, err := executor.RunUntil(l, fut[int](&chain{left: n}))
		if v != n || err != nil {
			t.Fatalf("chained: %d, %v", v, err)
		}
		done := 0
		for range n {
			executor.SpawnDetached(l, fut[int](doing(func(*rouse.Context) { done++ })))
		}
		idle(t, l)
		if done != n {
			t.Fatalf("%d of %d ran", done, n)
		}
	})
}

func TestConformance_010_UnknownQueue(t *testing.T) {
	mustPanic(t, "SpawnInto needs a Queue", func() { executor.SpawnInto(nil, fut[int](forever())) })
}

func TestSpawnJoinsTheQueueOfTheTaskThatSpawns(t *testing.T) {
	if !gid.Known {
		t.Skip("without gid every spawn counts as one from elsewhere")
	}
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		q := l.NewQueue("own")
		if q.Name() != "own" || q.Executor() != l {
			t.Errorf("queue %q of %p", q.Name(), q.Executor())
		}
		inQueue := -1
		executor.SpawnInto(q, fut[int](doing(func(cx *rouse.Context) {
			before := q.Len()
			spawn(l, forever())
			executor.SpawnValue[int](l, num{1})
			inQueue = q.Len() - before
		})))
		idle(t, l)
		if inQueue != 2 {
			t.Errorf("%d of 2 joined the queue", inQueue)
		}
		fromOutside := 0
		spawn(l, doing(func(*rouse.Context) { fromOutside = q.Len() }))
		idle(t, l)
		if fromOutside != 0 {
			t.Error("a spawn from outside went into the task's queue")
		}
	})
}

func TestFromAndFromContext(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		ctx := l.Context(context.Background())
		if executor.FromContext(ctx) != l {
			t.Error("FromContext of Local.Context")
		}
		if rouse.ExecutorFrom(ctx) != rouse.Executor(l) {
			t.Error("rouse.ExecutorFrom of Local.Context")
		}
		_, err := executor.RunUntil(l, fut[int](doing(func(cx *rouse.Context) {
			if executor.From(cx) != l {
				t.Error("From of a poll's Context")
			}
		})))
		if err != nil {
			t.Error(err)
		}
		_, err = executor.RunUntil(l, fut[int](executor.SpawnFiber(ctx, l, func(ctx context.Context) (int, error) {
			if executor.FromContext(ctx) != l {
				t.Error("FromContext in a fiber")
			}
			if executor.FromContext(context.WithValue(ctx, limit, 1)) != l {
				t.Error("FromContext of a ctx derived in a fiber")
			}
			return 0, errors.ErrUnsupported
		})))
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	})
}
