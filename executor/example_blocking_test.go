package executor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

// The snippets of docs/blocking.md.

// A Go channel between a goroutine and a fiber: receive it in Blocking.
func ExampleBlocking_channel() {
	results := make(chan int)
	go func() { results <- 42 }()
	_ = executor.Run(func(ctx context.Context) error {
		n, err := executor.Blocking(ctx, func() (int, error) { return <-results, nil })
		fmt.Println(n, err)
		return err
	})
	// Output: 42 <nil>
}

// Waiting for a WaitGroup, which blocks, while other fibers go on.
func ExampleBlocking_waitGroup() {
	var workers sync.WaitGroup
	_ = executor.Run(func(ctx context.Context) error {
		workers.Go(func() { time.Sleep(time.Millisecond) }) // a goroutine may
		_, err := executor.Blocking(ctx, func() (struct{}, error) { workers.Wait(); return struct{}{}, nil })
		fmt.Println("all done", err)
		return err
	})
	// Output: all done <nil>
}

// What jobs use goes when Close has seen to it that none begins any more, and
// WaitBlocking that none runs.
func ExampleLocal_WaitBlocking() {
	ex, err := executor.New(executor.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	database, began := "open", make(chan struct{})
	_ = ex.RunBlocking(func() { close(began); time.Sleep(time.Millisecond); fmt.Println("the job's database is", database) })
	<-began

	err = ex.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, ex.WaitBlocking(ctx)) // nil: no job runs any more
	database = "closed"
	fmt.Println(database, err)
	// Output:
	// the job's database is open
	// closed <nil>
}

// Time: a timer of the executor, not time.Sleep.
func ExampleRun_sleep() {
	_ = executor.Run(func(ctx context.Context) error {
		slow := fiber.Go(ctx, func(ctx context.Context) (int, error) {
			_, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(20*time.Millisecond)))
			fmt.Println("slow")
			return 1, err
		})
		fmt.Println("meanwhile")
		_, err := slow.Join(ctx)
		return err
	})
	// Output:
	// meanwhile
	// slow
}

// A mutex is fine as long as no await happens under it.
func ExampleRun_mutex() {
	var mu sync.Mutex
	total := 0
	_ = executor.Run(func(ctx context.Context) error {
		add := func(ctx context.Context) (struct{}, error) {
			err := fiber.Yield(ctx) // await first,
			mu.Lock()               // then lock, change, unlock
			total++
			mu.Unlock()
			return struct{}{}, err
		}
		a, b := fiber.Go(ctx, add), fiber.Go(ctx, add)
		a.Join(ctx)
		b.Join(ctx)
		fmt.Println(total)
		return nil
	})
	// Output: 2
}

// Blocking by mistake: what would stop every task panics where that can be seen.
func ExampleRun_blockOnInAFiber() {
	_ = executor.Run(func(ctx context.Context) error {
		defer func() { fmt.Println(recover()) }()
		rouse.BlockOn(rouse.Future[struct{}](timer.Sleep(time.Second)))
		return nil
	})
	// Output: rouse: BlockOn or Await on a goroutine that runs an executor would stop every task of it; poll the future instead, or use a fiber
}
