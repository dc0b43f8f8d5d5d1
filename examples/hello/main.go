package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/timer"
)

func main() {
	err := executor.Run(func(ctx context.Context) error {
		answer := fiber.Go(ctx, func(ctx context.Context) (int, error) {
			_, err := rouse.Await(ctx, timer.Sleep(10*time.Millisecond))
			return 42, err
		})
		n, err := answer.Join(ctx)
		fmt.Println("the answer is", n)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
}
