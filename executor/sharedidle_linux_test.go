package executor_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
)

// 115: idle workers use no CPU.
func TestConformance_115_SharedIdle(t *testing.T) {
	on(t, 4, func(s *executor.Shared) {
		for range 100 {
			wait(t, spawnShared(s, after(1, 1)))
		}
		cpu := func() time.Duration {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				t.Fatal(err)
			}
			return time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
		runtime.GC()
		before := cpu()
		time.Sleep(500 * time.Millisecond) // this is what is measured
		used := cpu() - before
		t.Logf("%v of CPU in half a second", used)
		if used > 50*time.Millisecond {
			t.Errorf("idle workers used %v of CPU in half a second", used)
		}
	})
}
