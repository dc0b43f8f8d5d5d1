package executor_test

import (
	"context"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A program's main that spreads work over all cores and waits for it.
func ExampleShared() {
	s, err := executor.NewShared(executor.SharedConfig{Workers: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(context.Background()) }()

	var parts []rouse.JoinHandle[int]
	for i := range 10 {
		parts = append(parts, executor.SpawnShared(s, rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
			return i * i, nil
		})))
	}
	sum := 0
	for _, p := range parts {
		v, err := p.Join(context.Background())
		if err != nil {
			fmt.Println(err)
		}
		sum += v
	}
	fmt.Println(sum)

	s.Stop()
	fmt.Println(<-ran, s.Close())
	// Output:
	// 285
	// <nil> <nil>
}

func ExampleWorker() {
	s, err := executor.NewShared(executor.SharedConfig{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	go s.Run(context.Background())
	h := executor.SpawnShared(s, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		return executor.Worker(cx), nil
	}))
	fmt.Println(h.Join(context.Background()))
	// Output: 0 <nil>
}

// Work that blocks, awaited from a Shared.
func ExampleShared_Context() {
	s, err := executor.NewShared(executor.SharedConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	go s.Run(context.Background())
	fmt.Println(executor.Blocking(s.Context(context.Background()), func() (string, error) {
		return "done", nil
	}))
	// Output: done <nil>
}
