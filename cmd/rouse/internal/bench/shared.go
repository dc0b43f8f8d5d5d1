package bench

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// The implementations on executor.Shared, with a worker for each CPU.

// onShared calls body with a Shared that runs, and closes it.
func onShared(body func(s *executor.Shared) error) error {
	return onGoroutine(func() error {
		s, err := executor.NewShared(executor.SharedConfig{Name: "bench"})
		if err != nil {
			return err
		}
		ran := make(chan error, 1)
		go func() { ran <- s.Run(context.Background()) }()
		err = body(s)
		s.Stop()
		return errors.Join(err, <-ran, s.Close())
	})
}

// untilShared runs f as a task and returns its result.
func untilShared(s *executor.Shared, f rouse.Future[int]) (int, error) {
	return rouse.BlockOn[int](executor.SpawnShared(s, f))
}

// yieldShared checks the number of yields only: with several workers the tasks
// end in no particular order.
func yieldShared(m *Meter) error {
	return onShared(func(s *executor.Shared) error {
		begin := new(gate)
		all := &joinAll{hs: make([]rouse.JoinHandle[int], yielders)}
		for i := range all.hs {
			all.hs[i] = executor.SpawnShared[int](s, &sharedYielder{begin: begin, left: m.Size})
		}
		for begin.waiting.Load() < yielders { // until all have been polled
			if _, err := untilShared(s, rouse.Ready(0)); err != nil {
				return err
			}
		}
		m.Start()
		begin.open.Store(true)
		sum, err := untilShared(s, all)
		m.Stop(yielders * m.Size)
		if err != nil {
			return err
		}
		return same("the number of yields", sum, yielders*m.Size)
	})
}

// A gate lets the tasks begin together. They yield before it, as they do after.
type gate struct {
	waiting atomic.Int64
	open    atomic.Bool
}

type sharedYielder struct {
	begin   *gate
	waiting bool
	y       rouse.Yielding
	left    int
	done    int
}

func (f *sharedYielder) Poll(cx *rouse.Context) (int, error) {
	if !f.waiting {
		f.waiting = true
		f.begin.waiting.Add(1)
	}
	if f.done == 0 && !f.begin.open.Load() {
		cx.WakeByRef()
		return 0, rouse.Pending
	}
	for f.left > 0 {
		if _, err := f.y.Poll(cx); err != nil {
			return 0, err
		}
		f.left--
		f.done++
	}
	return f.done, nil
}

func spawnJoinShared(m *Meter) error {
	return onShared(func(s *executor.Shared) error {
		rounds := &spawner{rounds: 1, spawn: func(_ *executor.Local, v int) rouse.JoinHandle[int] {
			n := number(v)
			return executor.SpawnShared[int](s, &n)
		}}
		if _, err := untilShared(s, rounds); err != nil { // warm
			return err
		}
		rounds.sum, rounds.rounds = 0, m.Size
		m.Start()
		sum, err := untilShared(s, rounds)
		m.Stop(m.Size * perRound)
		if err != nil {
			return err
		}
		return same("the sum", sum, roundsSum(m.Size))
	})
}
