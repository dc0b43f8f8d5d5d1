package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

var mpmc = Benchmark{
	Name: "mpmc",
	Work: "4 producers, 4 consumers on all CPUs, capacity 1024, 4 M messages, sum checked",
	Op:   "a message",
	Size: 4_000_000,
	Runs: AllCPUs,
	Base: "chan",
	Impls: []Impl{
		{Name: "mpmc", How: "goroutines, channel.MPMC, Send and Recv", Run: mpmcGoroutines, Goal: Goal{Ratio: 0.5}},
		{Name: "shared", How: "tasks on executor.Shared, channel.MPMC, futures", Run: mpmcShared, Goal: Goal{Ratio: 0.5}},
		{Name: "chan", How: "goroutines, a Go channel", Run: mpmcChan},
	},
}

const (
	mpmcEnds     = 4
	mpmcCapacity = 1024
)

// mpmcPart returns what producer p of m.Size messages sends: the numbers from
// first to end.
func mpmcPart(n, p int) (first, end int) { return n * p / mpmcEnds, n * (p + 1) / mpmcEnds }

// mpmcWarm is how many messages go through before the clock starts.
const mpmcWarm = 20_000

// mpmcMeasure runs a warm-up and the work; each is a channel's whole life.
func mpmcMeasure(m *Meter, work func(n int) (count, sum int, err error)) error {
	if _, _, err := work(mpmcWarm); err != nil {
		return err
	}
	m.Start()
	count, sum, err := work(m.Size)
	m.Stop(m.Size)
	if err != nil {
		return err
	}
	return errors.Join(same("the number of messages", count, m.Size), same("the sum", sum, m.Size*(m.Size-1)/2))
}

// mpmcOf is the work for goroutines.
func mpmcOf(send func(v int) error, recv func() (int, bool), end func()) func(n int) (count, sum int, err error) {
	return func(n int) (count, sum int, err error) {
		var producers, consumers sync.WaitGroup
		var counts, sums [mpmcEnds]int
		var errs [mpmcEnds]error
		for i := range mpmcEnds {
			producers.Go(func() {
				first, end := mpmcPart(n, i)
				for v := first; v < end && errs[i] == nil; v++ {
					errs[i] = send(v)
				}
			})
			consumers.Go(func() {
				count, sum := 0, 0
				for {
					v, ok := recv()
					if !ok {
						break
					}
					count++
					sum += v
				}
				counts[i], sums[i] = count, sum
			})
		}
		producers.Wait()
		end()
		consumers.Wait()
		for i := range mpmcEnds {
			count += counts[i]
			sum += sums[i]
		}
		return count, sum, errors.Join(errs[:]...)
	}
}

func mpmcChan(m *Meter) error {
	return onGoroutine(func() error {
		return mpmcMeasure(m, func(n int) (int, int, error) {
			c := make(chan int, mpmcCapacity)
			return mpmcOf(func(v int) error { c <- v; return nil },
				func() (int, bool) { v, ok := <-c; return v, ok },
				func() { close(c) })(n)
		})
	})
}

func mpmcGoroutines(m *Meter) error {
	return onGoroutine(func() error {
		ctx := context.Background()
		return mpmcMeasure(m, func(n int) (int, int, error) {
			c := channel.NewMPMC[int](mpmcCapacity)
			return mpmcOf(func(v int) error { return c.Send(ctx, v) },
				func() (int, bool) { v, err := c.Recv(ctx); return v, err == nil },
				c.Close)(n)
		})
	})
}

// mpmcProducer sends the numbers from next to end.
type mpmcProducer struct {
	f         channel.MPMCSend[int]
	next, end int
	has       bool
}

func (p *mpmcProducer) Poll(cx *rouse.Context) (int, error) {
	for ; p.next < p.end; p.next++ {
		if !p.has {
			p.f.Set(p.next)
			p.has = true
		}
		if _, err := p.f.Poll(cx); err != nil {
			return 0, err
		}
		p.has = false
	}
	return 0, nil
}

func (p *mpmcProducer) Drop() { p.f.Drop() }

// mpmcConsumer receives until the channel is closed, and returns the sum.
type mpmcConsumer struct {
	f     channel.MPMCRecv[int]
	sum   int
	count *int
}

func (c *mpmcConsumer) Poll(cx *rouse.Context) (int, error) {
	for {
		v, err := c.f.Poll(cx)
		switch err {
		case nil:
			*c.count++
			c.sum += v
		case channel.ErrClosed:
			return c.sum, nil
		default:
			return 0, err
		}
	}
}

func (c *mpmcConsumer) Drop() { c.f.Drop() }

func mpmcShared(m *Meter) error {
	return onShared(func(s *executor.Shared) error {
		return mpmcMeasure(m, func(n int) (count, sum int, err error) {
			c := channel.NewMPMC[int](mpmcCapacity)
			producers, consumers := &joinAll{}, &joinAll{}
			var counts [mpmcEnds]struct {
				n int
				_ [120]byte
			}
			for i := range mpmcEnds {
				p := &mpmcProducer{f: c.SendFuture(0)}
				p.f.Take()
				p.next, p.end = mpmcPart(n, i)
				producers.hs = append(producers.hs, executor.SpawnShared[int](s, p))
				consumers.hs = append(consumers.hs, executor.SpawnShared[int](s, &mpmcConsumer{f: c.RecvFuture(), count: &counts[i].n}))
			}
			if _, err = untilShared(s, producers); err != nil {
				return 0, 0, fmt.Errorf("a producer: %w", err)
			}
			c.Close()
			if sum, err = untilShared(s, consumers); err != nil {
				return 0, 0, fmt.Errorf("a consumer: %w", err)
			}
			for i := range counts {
				count += counts[i].n
			}
			return count, sum, nil
		})
	})
}
