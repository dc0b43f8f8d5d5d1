package bench

import (
	"context"
	"errors"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

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
			return m.measure(m.Size/20+1, stream)
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
		return m.measure(m.Size/20+1, stream)
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
		return m.measure(m.Size/20+1, stream)
	})
}
