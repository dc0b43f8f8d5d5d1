package executor_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// A stage is an executor and a kind of task: behaviours that hold for all are
// tested on each of them. The tests that go with it name their subtests Local,
// Shared and Fiber, which is what docs/conformance.md goes by.
type stage struct {
	*testing.T
	ex  rouse.Executor
	log *logbook

	// spawn starts a task that polls p: as a task of a Local; of a Shared with
	// one worker; or in a fiber, which awaits p.
	spawn func(p *probe, opts ...executor.Option) rouse.JoinHandle[int]
	// settle returns when nothing is runnable any more, or only what always is.
	settle func()
	// wait returns a task's result.
	wait func(h rouse.JoinHandle[int]) (int, error)
	// end closes the executor.
	end func() error
	// neverHad says that a task which is cancelled before it has begun has no
	// future to drop: a fiber that was to await one.
	neverHad bool
}

// Stages differ in where their tasks run. Those of Local and of fibers run inside
// settle and wait, on the test's goroutine; those of Shared beside it.
func eachStage(t *testing.T, test func(s *stage)) {
	t.Run("Local", func(t *testing.T) {
		l, log := onQuiet(t)
		s := onLoop(t, l, log)
		s.spawn = func(p *probe, opts ...executor.Option) rouse.JoinHandle[int] {
			return executor.Spawn(l, fut[int](p), opts...)
		}
		test(s)
	})
	t.Run("Fiber", func(t *testing.T) {
		l, log := onQuiet(t)
		s := onLoop(t, l, log)
		ctx := l.Context(context.Background())
		s.spawn = func(p *probe, opts ...executor.Option) rouse.JoinHandle[int] {
			if len(opts) > 0 {
				return executor.SpawnFiber(ctx, l, p.await, opts...)
			}
			return fiber.Go(ctx, p.await)
		}
		s.neverHad = true
		test(s)
	})
	t.Run("Shared", func(t *testing.T) {
		c := startShared(t, func(cfg *executor.SharedConfig) { cfg.Workers = 1 })
		s := &stage{T: t, ex: c.Shared, log: c.log, end: c.Close}
		s.spawn = func(p *probe, opts ...executor.Option) rouse.JoinHandle[int] {
			return executor.SpawnShared(c.Shared, fut[int](p), opts...)
		}
		s.wait = func(h rouse.JoinHandle[int]) (int, error) { return wait(t, h) }
		s.settle = func() {
			// One that yields is behind all others each time, and the worker
			// looks at the shared queue every 61 polls.
			_, _ = wait(t, spawnShared(c.Shared, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
				if poll == 200 {
					return 0, nil
				}
				cx.WakeByRef()
				return 0, rouse.Pending
			}}))
		}
		test(s)
	})
}

func onQuiet(t *testing.T) (*executor.Local, *logbook) {
	bound(t)
	return worlds()[0].quiet(t)
}

func onLoop(t *testing.T, l *executor.Local, log *logbook) *stage {
	return &stage{
		T: t, ex: l, log: log, end: l.Close,
		settle: func() { idle(t, l) },
		wait:   func(h rouse.JoinHandle[int]) (int, error) { return joined(l, h) },
	}
}

// await is p as a fiber's body.
func (p *probe) await(ctx context.Context) (int, error) { return rouse.Await(ctx, fut[int](p)) }

// inside has f called by a task, and waits until all that follows from it is
// done: what f spawns and wakes begins when it has returned.
func (s *stage) inside(f func()) {
	s.Helper()
	h := s.spawn(doing(func(*rouse.Context) { f() }))
	s.settle()
	if _, err := s.wait(h); err != nil {
		s.Errorf("the task that should have called a function ended with %v", err)
	}
}

// begin has f called by a task, and waits for that only.
func (s *stage) begin(f func()) {
	s.Helper()
	s.is(s.spawn(doing(func(*rouse.Context) { f() })), 0, nil)
}

// asleep spawns p and returns when it waits.
func (s *stage) asleep(p *probe) rouse.JoinHandle[int] {
	h := s.spawn(p)
	s.settle()
	return h
}

// is fails unless the task has that result.
func (s *stage) is(h rouse.JoinHandle[int], v int, err error) {
	s.Helper()
	if got, e := s.wait(h); got != v || e != err {
		s.Errorf("the result is %d, %v; want %d, %v", got, e, v, err)
	}
}

// place is here, the test's goroutine, or another.
type place struct {
	name string
	do   func(f func())
}

func (s *stage) places() []place {
	return []place{
		{"here", func(f func()) { f() }},
		{"elsewhere", func(f func()) { elsewhere(s, f) }},
	}
}
