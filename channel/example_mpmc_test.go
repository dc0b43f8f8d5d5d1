package channel_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// Goroutines at both ends.
func ExampleMPMC() {
	ctx := context.Background()
	c := channel.NewMPMC[int](4)
	var senders, receivers sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for i := 1; i <= 100; i++ {
				c.Send(ctx, i)
			}
		})
	}
	var mu sync.Mutex
	sum := 0
	for range 2 {
		receivers.Go(func() {
			for {
				v, err := c.Recv(ctx)
				if err != nil { // closed and drained
					return
				}
				mu.Lock()
				sum += v
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	c.Close()
	receivers.Wait()
	fmt.Println(sum)
	// Output: 15150
}

// adder is a task that may move between threads: it keeps its future of the next
// element, and that keeps its place in the line.
type adder struct {
	next channel.MPMCRecv[int]
	sum  int
}

func (a *adder) Poll(cx *rouse.Context) (int, error) {
	for {
		v, err := a.next.Poll(cx)
		switch err {
		case nil:
			a.sum += v
		case channel.ErrClosed:
			return a.sum, nil
		default:
			return 0, err // not yet
		}
	}
}

func (a *adder) Drop() { a.next.Drop() }

func ExampleMPMC_RecvFuture() {
	ctx := context.Background()
	s, err := executor.NewShared(executor.SharedConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	go s.Run(ctx)

	c := channel.NewMPMC[int](4)
	one := executor.SpawnShared[int](s, &adder{next: c.RecvFuture()})
	two := executor.SpawnShared[int](s, &adder{next: c.RecvFuture()})
	for i := 1; i <= 100; i++ {
		c.Send(ctx, i)
	}
	c.Close()
	a, _ := one.Join(ctx)
	b, _ := two.Join(ctx)
	fmt.Println(a + b)
	// Output: 5050
}

func ExampleMPMC_TrySend() {
	c := channel.NewMPMC[string](1)
	fmt.Println(c.TrySend("a"))
	fmt.Println(c.TrySend("b"))
	fmt.Println(c.TryRecv())
	// Output:
	// <nil>
	// rouse: channel: full
	// a <nil>
}
