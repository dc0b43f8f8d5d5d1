package bench

import (
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

var meshPingpong = Benchmark{
	Name: "mesh_pingpong",
	Work: "a task on one core asks, one on another answers; both spin when idle; 100 k times, the median of batches of 500",
	Op:   "a round trip",
	Size: 100_000,
	Runs: OwnProcess,
	Impls: []Impl{
		{Name: "task", How: "channel.Mesh on two executors, PollSend and PollRecv; Config.Spin of 10 ms", Run: meshPingpongTasks},
		{Name: "fiber", Absent: fiberLikeTask},
		{Name: "goroutine", How: "two goroutines and two channels of capacity 1, on one core if Go puts them there", Run: meshPingpongGoroutines},
	},
}

// meshAsker asks n times, one after the other; meshAnswerer answers for ever.
type meshAsker struct {
	port  *channel.Port[int]
	n     int
	asked bool
	wrong int
	times batchTimes
}

func (a *meshAsker) Poll(cx *rouse.Context) (int, error) {
	for a.n > 0 {
		if !a.asked {
			if err := a.port.PollSend(cx, 1, a.n); err != nil {
				return 0, err
			}
			a.asked = true
		}
		v, _, err := a.port.PollRecv(cx)
		if err != nil {
			return 0, err
		}
		if v != -a.n {
			a.wrong++
		}
		a.asked = false
		a.n--
		a.times.one()
	}
	return a.wrong, nil
}

type meshAnswerer struct {
	port *channel.Port[int]
	v    int
	full bool
}

func (a *meshAnswerer) Poll(cx *rouse.Context) (int, error) {
	for {
		if !a.full {
			v, _, err := a.port.PollRecv(cx)
			if err != nil {
				return 0, err
			}
			a.v, a.full = v, true
		}
		if err := a.port.PollSend(cx, 0, -a.v); err != nil {
			return 0, err
		}
		a.full = false
	}
}

func meshPingpongTasks(m *Meter) error {
	return onPool(10*time.Millisecond, func(p *executor.Pool) error {
		links := channel.FullMesh[int](1, p.Executors())
		executor.SpawnDetached[int](p.At(1), &meshAnswerer{port: links.Port(1)})
		var times *batchTimes
		ask := func(n int) error {
			a := &meshAsker{port: links.Port(0), n: n, times: newBatchTimes(n)}
			times = &a.times
			wrong, err := rouse.BlockOn[int](executor.Spawn[int](p.At(0), a))
			return errors.Join(err, same("wrong answers", wrong, 0))
		}
		err := m.measure(m.Size/20+1, ask)
		times.report(m, 0)
		return err
	})
}

func meshPingpongGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		there, back := make(chan int, 1), make(chan int, 1)
		go func() {
			for v := range there {
				back <- -v
			}
		}()
		defer close(there)
		var times batchTimes
		ask := func(n int) error {
			wrong := 0
			times = newBatchTimes(n)
			for ; n > 0; n-- {
				there <- n
				if <-back != -n {
					wrong++
				}
				times.one()
			}
			return same("wrong answers", wrong, 0)
		}
		err := m.measure(m.Size/20+1, ask)
		times.report(m, 0)
		return err
	})
}
