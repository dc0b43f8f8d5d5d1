package bench

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

var wakeTask = Benchmark{
	Name: "wake_task",
	Work: "a driver task wakes one stored waker, then yields until the target was polled; 5 M times",
	Op:   "wake to poll",
	Size: 5_000_000,
	Impls: []Impl{
		{Name: "task", How: "rouse.Waker.WakeByRef", Run: wakeTaskTasks},
		{Name: "fiber", How: "WakeByRef of a fiber in rouse.Await; fiber.Yield", Run: wakeTaskFibers},
		{Name: "goroutine", How: "a token into a channel of capacity 1; runtime.Gosched", Run: wakeTaskGoroutines},
		{Name: "shared", How: "WakeByRef of a task on executor.Shared by another", Run: wakeTaskShared, AllCPUs: true},
		{Name: "goroutine_unbound", How: "a token into a channel of capacity 1; runtime.Gosched", Run: wakeTaskGoroutines, AllCPUs: true},
	},
}

// waking is the driver.
type waking struct {
	target *target
	left   int
	seen   int // polls of the target when it was last woken
	woken  bool
	yields int
}

func (w *waking) Poll(cx *rouse.Context) (int, error) {
	if w.woken {
		if w.target.polls == w.seen {
			w.yields++
			cx.WakeByRef()
			return 0, rouse.Pending
		}
		w.left--
	}
	if w.left == 0 {
		return w.yields, nil
	}
	w.woken, w.seen = true, w.target.polls
	w.target.waker.WakeByRef()
	w.yields++
	cx.WakeByRef()
	return 0, rouse.Pending
}

func wakeTaskTasks(m *Meter) error {
	driver := new(waking)
	return onTarget(m, func(l *executor.Local, t *target, times int) error {
		*driver = waking{target: t, left: times}
		_, err := executor.RunUntil[int](l, driver)
		return err
	})
}

// sharedTarget is target for two tasks that may run at once.
type sharedTarget struct {
	waker atomic.Pointer[rouse.Waker]
	polls atomic.Int64
	end   atomic.Bool
}

func (t *sharedTarget) Poll(cx *rouse.Context) (int, error) {
	n := t.polls.Add(1)
	if t.end.Load() {
		return int(n), nil
	}
	if t.waker.Load() == nil {
		w := cx.Waker()
		t.waker.Store(&w)
	}
	return 0, rouse.Pending
}

// sharedWaking is waking for such a target.
type sharedWaking struct {
	target *sharedTarget
	left   int
	seen   int64
	woken  bool
}

func (w *sharedWaking) Poll(cx *rouse.Context) (int, error) {
	polls := w.target.polls.Load()
	if w.woken && polls != w.seen {
		w.woken = false
		w.left--
	}
	if w.left == 0 {
		return 0, nil
	}
	if waker := w.target.waker.Load(); !w.woken && waker != nil {
		w.woken, w.seen = true, polls
		waker.WakeByRef()
	}
	cx.WakeByRef()
	return 0, rouse.Pending
}

func wakeTaskShared(m *Meter) error {
	return onShared(func(s *executor.Shared) error {
		t := new(sharedTarget)
		h := executor.SpawnShared[int](s, t)
		if _, err := untilShared(s, &sharedWaking{target: t, left: wakeWarm}); err != nil {
			return err
		}
		m.Start()
		_, err := untilShared(s, &sharedWaking{target: t, left: m.Size})
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		t.end.Store(true)
		t.waker.Load().WakeByRef()
		polls, err := rouse.BlockOn[int](h)
		if err != nil {
			return err
		}
		return same("the number of polls", polls, 1+wakeWarm+m.Size+1)
	})
}

func wakeTaskFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		var n notice
		count, end := 0, false
		h := fiber.Go(ctx, func(ctx context.Context) (int, error) {
			for !end {
				if _, err := rouse.Await[struct{}](ctx, &n); err != nil {
					return 0, err
				}
				count++
			}
			return count, nil
		})
		wake := func(times int) error {
			for range times {
				for seen := count; count == seen; {
					if n.armed { // else it still has to come to its await
						n.waker.WakeByRef()
					}
					if err := fiber.Yield(ctx); err != nil {
						return err
					}
				}
			}
			return nil
		}
		if err := fiber.Yield(ctx); err != nil { // the target reaches its await
			return err
		}
		if err := m.measure(wakeWarm, wake); err != nil {
			return err
		}
		end = true
		n.waker.WakeByRef()
		got, err := h.Join(ctx)
		if err != nil {
			return err
		}
		return same("the number of wakes", got, wakeWarm+m.Size+1)
	})
}

func wakeTaskGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		s := newListener()
		go s.run()
		wake := func(times int) {
			for range times {
				seen := s.count.Load()
				s.token <- struct{}{}
				for s.count.Load() == seen {
					runtime.Gosched()
				}
			}
		}
		wake(wakeWarm)
		m.Start()
		wake(m.Size)
		m.Stop(m.Size)
		close(s.token)
		<-s.ended
		return same("the number of wakes", int(s.count.Load()), wakeWarm+m.Size)
	})
}
