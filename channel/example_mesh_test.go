package channel_test

import (
	"context"
	"fmt"

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
