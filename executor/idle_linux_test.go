package executor_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// cpuTime is what this process has used.
func cpuTime(t testing.TB) time.Duration {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// cheaply has run called until the process uses no more CPU time meanwhile than
// most, five times at most, and fails if it never does: what is left to do of the
// tests before, for the collector above all, passes, and what is busy stays so.
func cheaply(t testing.TB, most time.Duration, run func()) {
	t.Helper()
	runtime.GC()
	var used []time.Duration
	for range 5 {
		before := cpuTime(t)
		run()
		last := cpuTime(t) - before
		if used = append(used, last); last <= most {
			return
		}
	}
	t.Errorf("what is idle has used %v of CPU time, each time; at most %v should be", used, most)
}

func TestConformance_115_142_AnIdleExecutorUsesNoCPU(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second for each driver")
	}
	eachWorld(t, func(t *testing.T, w world) {
		l, _ := w.local(t)
		spawn(l, forever())
		if w.name != "manual" { // a timer far away must not tick
			executor.SpawnValue[struct{}](l, timer.MakeSleep(time.Hour))
		}
		idle(t, l)
		cheaply(t, 10*time.Millisecond, func() {
			time.AfterFunc(time.Second, l.Stop) // the length of the measurement
			if err := l.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// Fibers that wait cost no more than tasks that do.
func TestConformance_115_FibersIdle(t *testing.T) {
	t.Run("Fiber", func(t *testing.T) {
		l, _ := onDefault(t)
		for range 1000 {
			executor.SpawnFiber(t.Context(), l, forever().await)
		}
		executor.SpawnFiber(t.Context(), l, func(ctx context.Context) (struct{}, error) {
			return rouse.Await(ctx, fut[struct{}](timer.Sleep(time.Hour)))
		})
		idle(t, l)
		cheaply(t, 50*time.Millisecond, func() {
			time.AfterFunc(time.Second/2, l.Stop) // the length of the measurement
			if err := l.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// Idle workers use no CPU.
func TestConformance_115_142_SharedIdle(t *testing.T) {
	on(t, 4, func(s *executor.Shared) {
		for range 100 {
			wait(t, spawnShared(s, after(1, 1)))
		}
		cheaply(t, 50*time.Millisecond, func() {
			time.Sleep(500 * time.Millisecond) // this is what is measured
		})
	})
}
