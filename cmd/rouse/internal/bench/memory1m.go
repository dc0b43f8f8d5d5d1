package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

var memory1M = Benchmark{
	Name:  "memory_1m",
	Work:  "1 M tasks each sleep 3 s, all joined; growth of peak RSS; the slice of handles counts",
	Op:    "a task; bytes/op is the growth of peak RSS, GOGC=100",
	Size:  1_000_000,
	Runs:  OwnProcess,
	Count: 3,
	Impls: needRSS([]Impl{
		{Name: "task", How: "executor.SpawnValue of timer.MakeSleep", Run: memoryTasks, Goal: Goal{Bytes: 200}},
		{Name: "fiber", How: "fiber.Go, rouse.Await of timer.Sleep", Run: memoryFibers},
		{Name: "goroutine", How: "go, time.Sleep, sync.WaitGroup", Run: memoryGoroutines},
	}),
}

// needRSS takes the implementations out where the figure can't be had.
func needRSS(impls []Impl) []Impl {
	if !canRSS {
		for i := range impls {
			impls[i].Run = nil
			impls[i].Absent = "needs /proc/self/status"
		}
	}
	return impls
}

// grow measures the growth of peak RSS while work, which has n tasks sleep for
// d, runs. The time counts from before the first spawn to the last join.
func (m *Meter) grow(work func(n int, d time.Duration) error) error {
	d := time.Duration(m.scaled(3000, 20)) * time.Millisecond
	debug.SetGCPercent(100)
	before := peakRSS()
	m.Start()
	err := work(m.Size, d)
	wall := m.Stop(m.Size)
	m.Sample.RSSBytes = max(0, peakRSS()-before)
	m.Sample.BytesPerOp = round(float64(m.Sample.RSSBytes) / float64(m.Size))
	if err == nil && wall < d {
		err = fmt.Errorf("wrong result: the tasks slept %v; want %v at least", wall, d)
	}
	return err
}

// sleepers spawns n tasks and awaits them.
type sleepers struct {
	l    *executor.Local
	d    time.Duration
	hs   []rouse.JoinHandle[struct{}]
	next int
}

func (s *sleepers) Poll(cx *rouse.Context) (int, error) {
	for len(s.hs) < cap(s.hs) {
		s.hs = append(s.hs, executor.SpawnValue[struct{}](s.l, timer.MakeSleep(s.d)))
	}
	for ; s.next < len(s.hs); s.next++ {
		if _, err := s.hs[s.next].Poll(cx); err != nil {
			return 0, err
		}
	}
	return s.next, nil
}

func memoryTasks(m *Meter) error {
	return onLocal(func(l *executor.Local) error {
		if err := l.RunUntilIdle(); err != nil {
			return err
		}
		return m.grow(func(n int, d time.Duration) error {
			joined, err := executor.RunUntil[int](l, &sleepers{l: l, d: d, hs: make([]rouse.JoinHandle[struct{}], 0, n)})
			if err != nil {
				return err
			}
			return same("the number of tasks joined", joined, n)
		})
	})
}

func memoryFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		return m.grow(func(n int, d time.Duration) error {
			hs := make([]rouse.JoinHandle[int], n)
			for i := range hs {
				hs[i] = fiber.Go(ctx, func(ctx context.Context) (int, error) {
					_, err := rouse.Await[struct{}](ctx, timer.Sleep(d))
					return 1, err
				})
			}
			joined, err := joinFibers(ctx, hs)
			if err != nil {
				return err
			}
			return same("the number of fibers joined", joined, n)
		})
	})
}

func memoryGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		return m.grow(func(n int, d time.Duration) error {
			var wg sync.WaitGroup
			wg.Add(n)
			for range n {
				go func() {
					time.Sleep(d)
					wg.Done()
				}()
			}
			wg.Wait()
			return nil
		})
	})
}
