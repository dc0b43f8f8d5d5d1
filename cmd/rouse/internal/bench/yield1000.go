package bench

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

var yield1000 = Benchmark{
	Name: "yield_1000",
	Work: "1000 tasks yield 5000 times each",
	Op:   "a yield",
	Size: 5000, // yields of each
	Impls: []Impl{
		{Name: "task", How: "a future that holds a rouse.Yielding", Run: yieldTasks, Goal: Goal{Ratio: 0.25, NoAllocs: true}},
		{Name: "fiber", How: "fiber.Yield", Run: yieldFibers, Goal: Goal{Ratio: 1.25}},
		{Name: "goroutine", How: "runtime.Gosched", Run: yieldGoroutines},
		{Name: "shared", How: "the same future on executor.Shared", Run: yieldShared, AllCPUs: true, Goal: Goal{NoAllocs: true}},
		{Name: "goroutine_unbound", How: "runtime.Gosched", Run: yieldGoroutines, AllCPUs: true},
	},
}

const yielders = 1000

// turns checks that the tasks of one queue, which have equally much to do, end
// in the order in which they began: that they really took turns.
type turns struct {
	ended      int
	disordered bool
}

func (t *turns) end(id int) {
	if t.ended != id {
		t.disordered = true
	}
	t.ended++
}

func (t *turns) check(yields, want int) error {
	if t.disordered {
		return errors.New("wrong order: the tasks did not take turns")
	}
	return same("the number of yields", yields, want)
}

// yielder yields n times and returns n.
type yielder struct {
	y     rouse.Yielding
	left  int
	done  int
	id    int
	turns *turns
}

func (f *yielder) Poll(cx *rouse.Context) (int, error) {
	for f.left > 0 {
		if _, err := f.y.Poll(cx); err != nil {
			return 0, err
		}
		f.left--
		f.done++
	}
	f.turns.end(f.id)
	return f.done, nil
}

func yieldTasks(m *Meter) error {
	return onLocal(func(l *executor.Local) error {
		if err := l.RunUntilIdle(); err != nil { // the first run locks the thread
			return err
		}
		var t turns
		all := &joinAll{hs: make([]rouse.JoinHandle[int], yielders)}
		for i := range all.hs {
			all.hs[i] = executor.Spawn[int](l, &yielder{left: m.Size, id: i, turns: &t})
		}
		m.Start()
		sum, err := executor.RunUntil[int](l, all)
		m.Stop(yielders * m.Size)
		if err != nil {
			return err
		}
		return t.check(sum, yielders*m.Size)
	})
}

func yieldFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		var t turns
		hs := make([]rouse.JoinHandle[int], yielders)
		for i := range hs {
			hs[i] = fiber.Go(ctx, func(ctx context.Context) (int, error) {
				// One round before the clock starts, in which all coroutines
				// are made. They take turns, so when the first one goes on
				// every other is where it was.
				if err := fiber.Yield(ctx); err != nil {
					return 0, err
				}
				if i == 0 {
					m.Start()
				}
				n := 0
				for range m.Size {
					if err := fiber.Yield(ctx); err != nil {
						return 0, err
					}
					n++
				}
				t.end(i)
				return n, nil
			})
		}
		sum, err := joinFibers(ctx, hs)
		m.Stop(yielders * m.Size)
		if err != nil {
			return err
		}
		return t.check(sum, yielders*m.Size)
	})
}

func yieldGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		var ready, done sync.WaitGroup
		begin := make(chan struct{})
		counts := make([]int, yielders)
		for i := range counts {
			ready.Add(1)
			done.Add(1)
			go func() {
				defer done.Done()
				ready.Done()
				<-begin // until all stacks are made
				n := 0
				for range m.Size {
					runtime.Gosched()
					n++
				}
				counts[i] = n
			}()
		}
		ready.Wait()
		m.Start()
		close(begin)
		done.Wait()
		m.Stop(yielders * m.Size)
		sum := 0
		for _, n := range counts {
			sum += n
		}
		return same("the number of yields", sum, yielders*m.Size)
	})
}
