package bench

import (
	"context"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

var spawnJoin = Benchmark{
	Name: "spawn_join",
	Work: "from inside a task: spawn 1000 tasks that return a number, await every handle, sum; 1000 rounds",
	Op:   "a task",
	Size: 1000, // rounds
	Impls: []Impl{
		{Name: "task", How: "executor.Spawn of a pointer to a future", Run: spawnJoinTasks, Goal: Goal{Ratio: 0.33}},
		{Name: "task_value", How: "executor.SpawnValue of a future", Run: spawnJoinValues},
		{Name: "fiber", How: "fiber.Go and Join", Run: spawnJoinFibers, Goal: Goal{Ratio: 1}},
		{Name: "goroutine", How: "go, results in a slice, sync.WaitGroup", Run: spawnJoinGoroutines},
		{Name: "shared", How: "executor.SpawnShared from a task, one worker for each CPU", Run: spawnJoinShared, AllCPUs: true, Goal: Goal{Ratio: 0.67}},
		{Name: "goroutine_unbound", How: "go, results in a slice, sync.WaitGroup", Run: spawnJoinGoroutines, AllCPUs: true},
	},
}

const perRound = 1000

// roundsSum is the sum of what all tasks of n rounds return.
func roundsSum(n int) int { return n * (perRound - 1) * perRound / 2 }

// number is a future of itself.
type number int

func (n *number) Poll(*rouse.Context) (int, error) { return int(*n), nil }

// spawner spawns a round and awaits it, and so on. spawn says how.
type spawner struct {
	l      *executor.Local
	spawn  func(l *executor.Local, v int) rouse.JoinHandle[int]
	rounds int
	all    joinAll
	sum    int
}

func (s *spawner) Poll(cx *rouse.Context) (int, error) {
	for {
		if len(s.all.hs) == 0 {
			if s.rounds == 0 {
				return s.sum, nil
			}
			s.rounds--
			for v := range perRound {
				s.all.hs = append(s.all.hs, s.spawn(s.l, v))
			}
		}
		n, err := s.all.Poll(cx)
		if err != nil {
			return 0, err
		}
		s.sum += n
		s.all = joinAll{hs: s.all.hs[:0]}
	}
}

func spawnJoinTasks(m *Meter) error {
	return spawnJoinForm(m, func(l *executor.Local, v int) rouse.JoinHandle[int] {
		n := number(v)
		return executor.Spawn[int](l, &n)
	})
}

func spawnJoinValues(m *Meter) error {
	return spawnJoinForm(m, func(l *executor.Local, v int) rouse.JoinHandle[int] {
		return executor.SpawnValue[int](l, number(v))
	})
}

func spawnJoinForm(m *Meter, spawn func(*executor.Local, int) rouse.JoinHandle[int]) error {
	return onLocal(func(l *executor.Local) error {
		s := &spawner{l: l, spawn: spawn, rounds: 1}
		if _, err := executor.RunUntil[int](l, s); err != nil { // warm
			return err
		}
		s.sum, s.rounds = 0, m.Size
		m.Start()
		sum, err := executor.RunUntil[int](l, s)
		m.Stop(m.Size * perRound)
		if err != nil {
			return err
		}
		return same("the sum", sum, roundsSum(m.Size))
	})
}

func spawnJoinFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		hs := make([]rouse.JoinHandle[int], perRound)
		rounds := func(n int) (sum int, err error) {
			for range n {
				for v := range hs {
					hs[v] = fiber.Go(ctx, func(context.Context) (int, error) { return v, nil })
				}
				s, err := joinFibers(ctx, hs)
				if err != nil {
					return 0, err
				}
				sum += s
			}
			return sum, nil
		}
		if _, err := rounds(1); err != nil { // warm
			return err
		}
		m.Start()
		sum, err := rounds(m.Size)
		m.Stop(m.Size * perRound)
		if err != nil {
			return err
		}
		return same("the sum", sum, roundsSum(m.Size))
	})
}

func spawnJoinGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		results := make([]int, perRound)
		var wg sync.WaitGroup
		rounds := func(n int) (sum int) {
			for range n {
				wg.Add(perRound)
				for v := range results {
					go func() {
						results[v] = v
						wg.Done()
					}()
				}
				wg.Wait()
				for _, v := range results {
					sum += v
				}
				clear(results)
			}
			return sum
		}
		rounds(1) // warm
		m.Start()
		sum := rounds(m.Size)
		m.Stop(m.Size * perRound)
		return same("the sum", sum, roundsSum(m.Size))
	})
}
