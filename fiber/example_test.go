package fiber_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

// Go starts a fiber; its handle is the right to its result.
func ExampleGo() {
	err := executor.Run(func(ctx context.Context) error {
		hs := make([]rouse.JoinHandle[int], 3)
		for i := range hs {
			hs[i] = fiber.Go(ctx, func(ctx context.Context) (sum int, err error) {
				if i+1 < len(hs) { // each waits for the next, in its own fiber
					sum, err = hs[i+1].Join(ctx)
				}
				fmt.Println("over:", i)
				return sum + i*i, err
			})
		}
		sum, err := hs[0].Join(ctx)
		fmt.Println("sum:", sum)
		return err
	})
	fmt.Println(err)
	// Output:
	// over: 2
	// over: 1
	// over: 0
	// sum: 5
	// <nil>
}

// Abort makes the await that is going on return an error; deferred calls run.
func ExampleGo_abort() {
	_ = executor.Run(func(ctx context.Context) error {
		started := make(chan struct{}, 1)
		h := fiber.Go(ctx, func(ctx context.Context) (int, error) {
			defer fmt.Println("cleaned up")
			started <- struct{}{}
			_, err := rouse.Await(ctx, rouse.Future[struct{}](timer.Sleep(time.Hour)))
			fmt.Println(err)
			return 0, err
		})
		for len(started) == 0 {
			fiber.Yield(ctx)
		}
		h.Abort()
		_, err := h.Join(ctx)
		fmt.Println(errors.Is(err, context.Canceled))
		return nil
	})
	// Output:
	// rouse: task canceled
	// cleaned up
	// true
}
