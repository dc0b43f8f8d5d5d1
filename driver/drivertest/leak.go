package drivertest

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// leaks takes the numbers of goroutines and descriptors and returns a function
// that fails unless they come back to that.
func leaks(t *testing.T) (check func()) {
	goroutines, descriptors := runtime.NumGoroutine(), countDescriptors()
	return func() {
		t.Helper()
		deadline := time.Now().Add(patience)
		for runtime.NumGoroutine() > goroutines || countDescriptors() > descriptors {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				stacks = stacks[:runtime.Stack(stacks, true)]
				t.Fatalf("%d goroutines and %d descriptors after the test, %d and %d before\n%s",
					runtime.NumGoroutine(), countDescriptors(), goroutines, descriptors, stacks)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// countDescriptors counts the sockets, pipes and files this process has open;
// 0 where the system does not tell.
func countDescriptors() int {
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		// The runtime opens an epoll instance of its own when it first needs one.
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && to != "anon_inode:[eventpoll]" && to != "anon_inode:[eventfd]" {
			n++
		}
	}
	return n
}
