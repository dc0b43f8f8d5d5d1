package timer_test

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// abandoned is how many coroutines the tests have left behind on purpose: those
// that called Goexit or resisted. The leak check exempts exactly that many.
var abandoned atomic.Int64

// TestMain accounts for goroutines and descriptors over all tests.
func TestMain(m *testing.M) {
	time.AfterFunc(time.Hour, func() {}).Stop() // Go's own poller comes with the first timer
	goroutines, fds := runtime.NumGoroutine(), openFDs()
	code := m.Run()
	if code == 0 {
		code = account(goroutines+int(abandoned.Load()), fds)
	}
	os.Exit(code)
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
