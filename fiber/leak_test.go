package fiber_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

// abandoned is how many coroutines the tests have left behind on purpose: those
// that called Goexit or resisted. The leak check exempts exactly that many.
var abandoned atomic.Int64

// TestMain accounts for goroutines and descriptors over all tests.
func TestMain(m *testing.M) {
	onMainGoroutine()
	os.Exit(leakcheck.Main(m, func() int { return int(abandoned.Load()) }))
}

// onMainGoroutine uses the ctx of a fiber that has ended on the one goroutine
// that no test runs on.
func onMainGoroutine() {
	var kept context.Context
	err := executor.Run(func(ctx context.Context) error {
		_, err := fiber.Go(ctx, func(ctx context.Context) (int, error) { kept = ctx; return 0, nil }).Join(ctx)
		return err
	})
	if err != nil {
		panic(err)
	}
	if err := fiber.Yield(kept); !errors.Is(err, context.Canceled) {
		panic(fmt.Sprint("Yield in the ctx of a fiber that has ended: ", err))
	}
}
