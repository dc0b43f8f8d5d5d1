package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

var pingpong = Benchmark{
	Name: "pingpong",
	Work: "two tasks, two channels of capacity 1, sequence numbers checked; 1 M round trips",
	Op:   "a round trip",
	Size: 1_000_000,
	Impls: []Impl{
		{Name: "task", How: "channel.Bounded, PollSend and PollRecv", Run: pingpongTasks, Goal: Goal{Ratio: 0.33, NoAllocs: true}},
		{Name: "fiber", How: "channel.Bounded, Send and Recv", Run: pingpongFibers, Goal: Goal{Ratio: 1}},
		{Name: "goroutine", How: "Go channels", Run: pingpongGoroutines},
		{Name: "shared", How: "channel.MPMC, futures", Run: pingpongShared, AllCPUs: true},
		{Name: "goroutine_unbound", How: "Go channels", Run: pingpongGoroutines, AllCPUs: true},
	},
}

const pingpongWarm = 1000

func wrongSequence(got, want int) error {
	return fmt.Errorf("wrong order: got number %d; want %d", got, want)
}

// pinger sends the numbers below n and waits for each to come back; ponger
// sends back what it gets. Each keeps where it is between two polls.
type pinger struct {
	out, in *channel.Bounded[int]
	n       int
	next    int
	sent    bool
}

func (p *pinger) Poll(cx *rouse.Context) (int, error) {
	for p.next < p.n {
		if !p.sent {
			if err := p.out.PollSend(cx, p.next); err != nil {
				return 0, err
			}
			p.sent = true
		}
		v, err := p.in.PollRecv(cx)
		if err != nil {
			return 0, err
		}
		if v != p.next {
			return 0, wrongSequence(v, p.next)
		}
		p.sent = false
		p.next++
	}
	return p.next, nil
}

type ponger struct {
	in, out *channel.Bounded[int]
	n       int
	next    int
	has     bool
}

func (p *ponger) Poll(cx *rouse.Context) (int, error) {
	for p.next < p.n {
		if !p.has {
			v, err := p.in.PollRecv(cx)
			if err != nil {
				return 0, err
			}
			if v != p.next {
				return 0, wrongSequence(v, p.next)
			}
			p.has = true
		}
		if err := p.out.PollSend(cx, p.next); err != nil {
			return 0, err
		}
		p.has = false
		p.next++
	}
	return p.next, nil
}

func pingpongTasks(m *Meter) error {
	return onLocal(func(l *executor.Local) error {
		there, back := channel.NewBounded[int](1), channel.NewBounded[int](1)
		match := func(n int) *joinAll {
			return &joinAll{hs: []rouse.JoinHandle[int]{
				executor.Spawn[int](l, &pinger{out: there, in: back, n: n}),
				executor.Spawn[int](l, &ponger{in: there, out: back, n: n}),
			}}
		}
		if _, err := executor.RunUntil[int](l, match(pingpongWarm)); err != nil {
			return err
		}
		both := match(m.Size)
		m.Start()
		sum, err := executor.RunUntil[int](l, both)
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		return same("the number of messages", sum, 2*m.Size)
	})
}

func pingpongFibers(m *Meter) error {
	return onFiber(func(ctx context.Context) error {
		there, back := channel.NewBounded[int](1), channel.NewBounded[int](1)
		ping := func(n int) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				for i := range n {
					if err := there.Send(ctx, i); err != nil {
						return 0, err
					}
					v, err := back.Recv(ctx)
					if err != nil {
						return 0, err
					}
					if v != i {
						return 0, wrongSequence(v, i)
					}
				}
				return n, nil
			}
		}
		pong := func(n int) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				for i := range n {
					v, err := there.Recv(ctx)
					if err != nil {
						return 0, err
					}
					if v != i {
						return 0, wrongSequence(v, i)
					}
					if err := back.Send(ctx, v); err != nil {
						return 0, err
					}
				}
				return n, nil
			}
		}
		match := func(n int) (int, error) {
			return joinFibers(ctx, []rouse.JoinHandle[int]{fiber.Go(ctx, ping(n)), fiber.Go(ctx, pong(n))})
		}
		if _, err := match(pingpongWarm); err != nil {
			return err
		}
		m.Start()
		sum, err := match(m.Size)
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		return same("the number of messages", sum, 2*m.Size)
	})
}

func pingpongGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		there, back := make(chan int, 1), make(chan int, 1)
		match := func(n int) error {
			answer := make(chan error, 1)
			go func() {
				for i := range n {
					v := <-there
					if v != i {
						answer <- wrongSequence(v, i)
						close(back)
						return
					}
					back <- v
				}
				answer <- nil
			}()
			var wrong error
			for i := range n {
				there <- i
				if v, ok := <-back; !ok || v != i {
					wrong = wrongSequence(v, i)
					break
				}
			}
			return errors.Join(wrong, <-answer)
		}
		return m.measure(pingpongWarm, match)
	})
}
