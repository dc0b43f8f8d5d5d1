package bench

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

var timerChurn = Benchmark{
	Name: "timer_churn",
	Work: "create a 10 s sleep, poll once, drop; yield every 64; 5 M",
	Op:   "a sleep",
	Size: 5_000_000,
	Impls: []Impl{
		{Name: "task", How: "timer.MakeSleep, Poll, Drop", Run: timerChurnTasks},
		{Name: "fiber", How: "rouse.Await of a future that polls a timer.MakeSleep and drops it", Run: timerChurnFibers},
		{Name: "goroutine", How: "time.NewTimer, Stop", Run: timerChurnGoroutines},
	},
}

const (
	churnSleep = 10 * time.Second
	churnYield = 64
	churnWarm  = 1024
)

var errEarly = errors.New("wrong result: a sleep of 10 s was over at once")

// churning does left sleeps.
type churning struct {
	sleep timer.Timer
	left  int
	armed int
}

func (c *churning) Poll(cx *rouse.Context) (int, error) {
	for range min(c.left, churnYield) {
		c.left--
		c.sleep = timer.MakeSleep(churnSleep)
		if _, err := c.sleep.Poll(cx); err != rouse.Pending {
			return 0, errEarly
		}
		c.armed++
		c.sleep.Drop()
	}
	if c.left == 0 {
		return c.armed, nil
	}
	cx.WakeByRef()
	return 0, rouse.Pending
}

func timerChurnTasks(m *Meter) error {
	return onLocal(func(l *executor.Local) error {
		if _, err := executor.RunUntil[int](l, &churning{left: churnWarm}); err != nil {
			return err
		}
		f := &churning{left: m.Size}
		m.Start()
		n, err := executor.RunUntil[int](l, f)
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		return errors.Join(same("the number of sleeps", n, m.Size), same("the number of timers left", l.Alarms().Len(), 0))
	})
}

// glance polls a sleep once and gives it up.
type glance struct{ sleep timer.Timer }

func (g *glance) Poll(cx *rouse.Context) (int, error) {
	g.sleep = timer.MakeSleep(churnSleep)
	if _, err := g.sleep.Poll(cx); err != rouse.Pending {
		return 0, errEarly
	}
	g.sleep.Drop()
	return 1, nil
}

func timerChurnFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		g := new(glance)
		churn := func(n int) (armed int, err error) {
			for i := range n {
				k, err := rouse.Await[int](ctx, g)
				if err != nil {
					return 0, err
				}
				armed += k
				if i%churnYield == churnYield-1 {
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
				}
			}
			return armed, nil
		}
		if _, err := churn(churnWarm); err != nil {
			return err
		}
		m.Start()
		n, err := churn(m.Size)
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		left := executor.FromContext(ctx).Alarms().Len()
		return errors.Join(same("the number of sleeps", n, m.Size), same("the number of timers left", left, 0))
	})
}

func timerChurnGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		churn := func(n int) (stopped int) {
			for i := range n {
				if time.NewTimer(churnSleep).Stop() {
					stopped++
				}
				if i%churnYield == churnYield-1 {
					runtime.Gosched()
				}
			}
			return stopped
		}
		churn(churnWarm)
		m.Start()
		n := churn(m.Size)
		m.Stop(m.Size)
		return same("the number of sleeps", n, m.Size)
	})
}
