package bench

import (
	"context"
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// neverEnds is the ctx of what is ended in another way.
var neverEnds = context.Background()

const meshCapacity = 1024

var mesh = Benchmark{
	Name: "mesh",
	Work: "4 M messages from one core to another, through a queue of 1024, sum checked",
	Op:   "a message",
	Size: 4_000_000,
	Runs: OwnProcess,
	Impls: []Impl{
		{Name: "task", How: "channel.Mesh on two executors, PollSend and PollRecv", Run: meshTasks(1), Goal: Goal{NoAllocs: true}},
		{Name: "batch", How: "the same with PollSendMany and PollRecvMany of 64", Run: meshTasks(64), Goal: Goal{NoAllocs: true}},
		{Name: "fiber", How: "channel.Mesh on two executors, Send and Recv", Run: meshFibers},
		{Name: "goroutine", How: "two goroutines and a buffered channel", Run: meshGoroutines},
	},
}

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

// onPool calls body with a pool of two executors.
func onPool(spin time.Duration, body func(p *executor.Pool) error) error {
	return onGoroutine(func() error {
		p, err := executor.NewPool(executor.PoolConfig{
			Placement: executor.Unbound(2),
			Executor:  executor.Config{Name: "bench", Spin: spin},
		})
		if err != nil {
			return err
		}
		return errors.Join(body(p), p.Close())
	})
}

// meshSource sends 1 to n, and meshSink sums that many up.
type meshSource struct {
	port  *channel.Port[int]
	n     int
	sent  int
	batch []int // what is to be sent next; its capacity is the size of batches
}

func (s *meshSource) Poll(cx *rouse.Context) (int, error) {
	size := cap(s.batch)
	for s.sent < s.n {
		if size == 1 {
			if err := s.port.PollSend(cx, 1, s.sent+1); err != nil {
				return 0, err
			}
			s.sent++
			continue
		}
		s.batch = s.batch[:0]
		for i := range min(size, s.n-s.sent) {
			s.batch = append(s.batch, s.sent+i+1)
		}
		n, err := s.port.PollSendMany(cx, 1, s.batch)
		if err != nil {
			return 0, err
		}
		s.sent += n
	}
	return s.sent, nil
}

type meshSink struct {
	port *channel.Port[int]
	n    int
	sum  int
	buf  []int
}

func (s *meshSink) Poll(cx *rouse.Context) (int, error) {
	for s.n > 0 {
		if len(s.buf) == 1 {
			v, _, err := s.port.PollRecv(cx)
			if err != nil {
				return 0, err
			}
			s.sum += v
			s.n--
			continue
		}
		n, _, err := s.port.PollRecvMany(cx, s.buf)
		if err != nil {
			return 0, err
		}
		for _, v := range s.buf[:n] {
			s.sum += v
		}
		s.n -= n
	}
	return s.sum, nil
}

func meshTasks(batch int) func(*Meter) error {
	return func(m *Meter) error {
		return onPool(0, func(p *executor.Pool) error {
			links := channel.FullMesh[int](meshCapacity, p.Executors())
			stream := func(n int) error {
				sink := executor.Spawn[int](p.At(1), &meshSink{port: links.Port(1), n: n, buf: make([]int, batch)})
				source := executor.Spawn[int](p.At(0), &meshSource{port: links.Port(0), n: n, batch: make([]int, 0, batch)})
				sum, err := rouse.BlockOn[int](sink)
				_, err2 := rouse.BlockOn[int](source)
				return errors.Join(err, err2, same("the sum", sum, n*(n+1)/2))
			}
			if err := stream(m.Size/20 + 1); err != nil {
				return err
			}
			m.Start()
			err := stream(m.Size)
			m.Stop(m.Size)
			return err
		})
	}
}

func meshFibers(m *Meter) error {
	return onPool(0, func(p *executor.Pool) error {
		links := channel.FullMesh[int](meshCapacity, p.Executors())
		stream := func(n int) error {
			sum := 0
			err := p.Each(neverEnds, func(ctx context.Context, i int) error {
				port := links.Port(i)
				for k := range n {
					if i == 0 {
						if err := port.Send(ctx, 1, k+1); err != nil {
							return err
						}
						continue
					}
					v, _, err := port.Recv(ctx)
					if err != nil {
						return err
					}
					sum += v
				}
				return nil
			})
			return errors.Join(err, same("the sum", sum, n*(n+1)/2))
		}
		if err := stream(m.Size/20 + 1); err != nil {
			return err
		}
		m.Start()
		err := stream(m.Size)
		m.Stop(m.Size)
		return err
	})
}

func meshGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		stream := func(n int) error {
			c := make(chan int, meshCapacity)
			go func() {
				for k := range n {
					c <- k + 1
				}
			}()
			sum := 0
			for range n {
				sum += <-c
			}
			return same("the sum", sum, n*(n+1)/2)
		}
		if err := stream(m.Size/20 + 1); err != nil {
			return err
		}
		m.Start()
		err := stream(m.Size)
		m.Stop(m.Size)
		return err
	})
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
		ask := func(n int) (*batchTimes, error) {
			a := &meshAsker{port: links.Port(0), n: n, times: newBatchTimes(n)}
			wrong, err := rouse.BlockOn[int](executor.Spawn[int](p.At(0), a))
			return &a.times, errors.Join(err, same("wrong answers", wrong, 0))
		}
		if _, err := ask(m.Size/20 + 1); err != nil {
			return err
		}
		m.Start()
		times, err := ask(m.Size)
		m.Stop(m.Size)
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
		ask := func(n int) (*batchTimes, error) {
			times, wrong := newBatchTimes(n), 0
			for ; n > 0; n-- {
				there <- n
				if <-back != -n {
					wrong++
				}
				times.one()
			}
			return &times, same("wrong answers", wrong, 0)
		}
		if _, err := ask(m.Size/20 + 1); err != nil {
			return err
		}
		m.Start()
		times, err := ask(m.Size)
		m.Stop(m.Size)
		times.report(m, 0)
		return err
	})
}
