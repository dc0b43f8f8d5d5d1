package channel_test

import (
	"context"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// Each executor tells its neighbour something.
func ExampleMesh() {
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mesh := channel.FullMesh[string](16, p.Executors())
	heard := make([]string, 2)
	err = p.Each(context.Background(), func(ctx context.Context, i int) error {
		port := mesh.Port(i)
		if err := port.Send(ctx, 1-i, fmt.Sprintf("hello from %d", i)); err != nil {
			return err
		}
		text, from, err := port.Recv(ctx)
		heard[i] = fmt.Sprintf("%d heard %q from %d", i, text, from)
		return err
	})
	fmt.Println(heard[0], err)
	fmt.Println(heard[1], p.Close())
	// Output:
	// 0 heard "hello from 1" from 1 <nil>
	// 1 heard "hello from 0" from 0 <nil>
}

// A mesh in which one executor only sends and another only receives.
func ExampleNewMesh() {
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mesh := channel.NewMesh[int](4,
		channel.Peer{Executor: p.At(0), Role: channel.Sends},
		channel.Peer{Executor: p.At(1), Role: channel.Receives})
	sum := 0
	err = p.Each(context.Background(), func(ctx context.Context, i int) error {
		port := mesh.Port(i)
		if i == 0 {
			defer port.CloseSend()
			for n := range 10 {
				if err := port.Send(ctx, 1, n); err != nil {
					return err
				}
			}
			return nil
		}
		for {
			n, _, err := port.Recv(ctx)
			if err == channel.ErrClosed {
				return nil
			}
			if err != nil {
				return err
			}
			sum += n
		}
	})
	fmt.Println(sum, err, p.Close())
	// Output: 45 <nil> <nil>
}

// Keys have owners; what concerns a key is sent there.
func ExampleSharded() {
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mesh := channel.FullMesh[string](16, p.Executors())
	counts := make([]int, 2) // each executor's own
	err = p.Each(context.Background(), func(ctx context.Context, i int) error {
		port := mesh.Port(i)
		shards := channel.NewSharded[string](port, nil)
		for _, word := range []string{"to", "be", "or", "not", "to", "be"} {
			if err := shards.Send(ctx, word, word); err != nil {
				return err
			}
		}
		port.CloseSend()
		for {
			word, _, err := port.Recv(ctx)
			if err == channel.ErrClosed {
				return nil
			}
			if err != nil || !shards.Owns(word) {
				return fmt.Errorf("%q: %w", word, err)
			}
			counts[i]++
		}
	})
	fmt.Println(counts[0]+counts[1], err, p.Close())
	// Output: 12 <nil> <nil>
}

// batcher sends numbers in batches, or sums up what it receives in batches.
type batcher struct {
	port *channel.Port[int]
	left []int // to be sent; nil to receive
	sum  int
	buf  [8]int
}

func (b *batcher) Poll(cx *rouse.Context) (int, error) {
	if b.left != nil {
		for len(b.left) > 0 {
			n, err := b.port.PollSendMany(cx, 0, b.left)
			if err != nil {
				return 0, err // not yet
			}
			b.left = b.left[n:]
		}
		b.port.CloseSend()
		return 0, nil
	}
	for {
		n, _, err := b.port.PollRecvMany(cx, b.buf[:])
		switch err {
		case nil:
			for _, v := range b.buf[:n] {
				b.sum += v
			}
		case channel.ErrClosed:
			return b.sum, nil
		default:
			return 0, err // not yet
		}
	}
}

// Batches in poll form: one wake at most for each.
func ExamplePort() {
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mesh := channel.NewMesh[int](4,
		channel.Peer{Executor: p.At(0), Role: channel.Receives},
		channel.Peer{Executor: p.At(1), Role: channel.Sends})
	sum := executor.Spawn(p.At(0), rouse.Future[int](&batcher{port: mesh.Port(0)}))
	executor.SpawnDetached(p.At(1), rouse.Future[int](&batcher{port: mesh.Port(1), left: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}))
	fmt.Println(sum.Join(context.Background()))
	fmt.Println(p.Close())
	// Output:
	// 55 <nil>
	// <nil>
}
