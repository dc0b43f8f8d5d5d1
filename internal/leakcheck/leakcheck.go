// Package leakcheck accounts for goroutines and descriptors in tests: what there
// was before must be all there is after.
package leakcheck

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// patience is how long what is just ending may take.
const patience = 5 * time.Second

// Main runs m's tests and returns the exit code: theirs, or 1 if they pass and
// have left something behind. exempt, which may be nil, returns how many
// goroutines are meant to stay, such as coroutines that can't end.
func Main(m *testing.M, exempt func() int) int {
	// Go's own poller opens two descriptors with the first timer or socket of
	// the process: have them there before counting.
	time.AfterFunc(time.Hour, func() {}).Stop()
	goroutines, fds := runtime.NumGoroutine(), Descriptors()
	if code := m.Run(); code != 0 {
		return code
	}
	if exempt != nil {
		goroutines += exempt()
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		g, f := runtime.NumGoroutine(), Descriptors()
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

// Descriptors counts this process's open descriptors; 0 where that can't be
// told.
func Descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
