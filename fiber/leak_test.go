package fiber_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
)

// abandoned is how many coroutines the tests have left behind on purpose: those
// that called Goexit or resisted. The leak check exempts exactly that many.
var abandoned atomic.Int64

// TestMain accounts for goroutines and descriptors over all tests.
func TestMain(m *testing.M) {
	time.AfterFunc(time.Hour, func() {}).Stop() // Go's own poller comes with the first timer
	goroutines, fds := runtime.NumGoroutine(), openFDs()
	onMainGoroutine()
	code := m.Run()
	if code == 0 {
		code = account(goroutines+int(abandoned.Load()), fds)
	}
	os.Exit(code)
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

// account waits for what is just ending and complains about the rest.
func account(goroutines, fds int) int {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		g, f := runtime.NumGoroutine(), openFDs()
		if g <= goroutines && f <= fds {
			return 0
		}
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			fmt.Printf("leak: %d goroutines, want %d; %d descriptors, want %d\n%s\n",
				g, goroutines, f, fds, stacks[:runtime.Stack(stacks, true)])
			return 1
		}
	}
}

// openFDs counts this process's descriptors, where that can be told.
func openFDs() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
