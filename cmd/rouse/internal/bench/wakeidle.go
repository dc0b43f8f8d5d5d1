package bench

import (
	"context"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

var wakeIdle = Benchmark{
	Name: "wake_idle",
	Work: "outside the runtime on its thread: wake, run until idle; 5 M times",
	Op:   "a wake",
	Size: 5_000_000,
	Impls: []Impl{
		{Name: "task", How: "WakeByRef, Local.RunUntilIdle", Run: wakeIdleTasks},
		{Name: "fiber", How: "WakeByRef of a fiber in rouse.Await, Local.RunUntilIdle", Run: wakeIdleFibers},
		// Nobody can run Go's scheduler until it is idle. But on one CPU a
		// goroutine that puts a token in and waits for the answer goes on when
		// the other one waits again, which is when nothing else can run.
		{Name: "goroutine", How: "a token into a channel of capacity 1, the answer out of another", Run: wakeIdleGoroutines},
	},
}

// wakeUntilIdle wakes w and runs l, that many times.
func wakeUntilIdle(l *executor.Local, w *rouse.Waker, times int) error {
	for range times {
		w.WakeByRef()
		if err := l.RunUntilIdle(); err != nil {
			return err
		}
	}
	return nil
}

func wakeIdleTasks(m *Meter) error {
	return onTarget(m, func(l *executor.Local, t *target, times int) error {
		return wakeUntilIdle(l, &t.waker, times)
	})
}

func wakeIdleFibers(m *Meter) error {
	return onLocal(func(l *executor.Local) error {
		var n notice
		count, end := 0, false
		h := executor.SpawnFiber(l.Context(context.Background()), l, func(ctx context.Context) (int, error) {
			for !end {
				if _, err := rouse.Await[struct{}](ctx, &n); err != nil {
					return 0, err
				}
				count++
			}
			return count, nil
		})
		if err := l.RunUntilIdle(); err != nil {
			return err
		}
		err := m.measure(wakeWarm, func(times int) error { return wakeUntilIdle(l, &n.waker, times) })
		if err != nil {
			return err
		}
		end = true
		n.waker.WakeByRef()
		got, err := executor.RunUntil[int](l, h)
		if err != nil {
			return err
		}
		return same("the number of wakes", got, wakeWarm+m.Size+1)
	})
}

func wakeIdleGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		token, answer := make(chan struct{}, 1), make(chan int, 1)
		go func() {
			n := 0
			for range token {
				n++
				answer <- n
			}
			close(answer)
		}()
		last := 0
		wake := func(times int) {
			for range times {
				token <- struct{}{}
				last = <-answer
			}
		}
		wake(wakeWarm)
		m.Start()
		wake(m.Size)
		m.Stop(m.Size)
		close(token)
		<-answer
		return same("the number of wakes", last, wakeWarm+m.Size)
	})
}
