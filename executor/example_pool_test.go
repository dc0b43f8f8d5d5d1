package executor_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// One executor for each CPU; here two, whatever there is.
func ExampleRunPool() {
	var sum atomic.Int64
	cfg := executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}}
	err := executor.RunPool(cfg, func(ctx context.Context, p *executor.Pool, i int) error {
		sum.Add(int64(1 + i))
		return nil
	})
	fmt.Println(sum.Load(), err)
	// Output: 3 <nil>
}

// A task is spawned on another executor, where it is polled, and joined from
// here.
func ExamplePool() {
	p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(2), Executor: executor.Config{Log: silent}})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = p.Each(context.Background(), func(ctx context.Context, i int) error {
		if i != 0 {
			return nil
		}
		h := executor.Spawn(p.At(1), rouse.Future[string](rouse.FutureFunc[string](func(cx *rouse.Context) (string, error) {
			return "polled on " + executor.From(cx).Name(), nil
		})))
		text, err := h.Join(ctx)
		fmt.Println(text)
		return err
	})
	fmt.Println(err, p.Close())
	// Output:
	// polled on pool-1
	// <nil> <nil>
}

func ExamplePlacement() {
	fmt.Println(executor.Placement{}, executor.OnCPUs(0, 1, 4), executor.MaxSpread(4), executor.MaxPack(0))
	// Output: Unbound(0) OnCPUs(0-1,4) MaxSpread(4) MaxPack(0)
}
