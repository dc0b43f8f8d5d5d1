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
		time.AfterFunc(time.Second, l.Stop) // the length of the measurement
		before := cpuTime(t)
		if err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if used := cpuTime(t) - before; used > 10*time.Millisecond {
			t.Errorf("an idle second cost %v", used)
		}
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
		runtime.GC()
		time.AfterFunc(time.Second/2, l.Stop) // the length of the measurement
		before := cpuTime(t)
		if err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if used := cpuTime(t) - before; used > 50*time.Millisecond {
			t.Errorf("half a second with a thousand idle fibers cost %v", used)
		}
	})
}

// Idle workers use no CPU.
func TestConformance_115_142_SharedIdle(t *testing.T) {
	on(t, 4, func(s *executor.Shared) {
		for range 100 {
			wait(t, spawnShared(s, after(1, 1)))
		}
		runtime.GC()
		before := cpuTime(t)
		time.Sleep(500 * time.Millisecond) // this is what is measured
		used := cpuTime(t) - before
		t.Logf("%v of CPU in half a second", used)
		if used > 50*time.Millisecond {
			t.Errorf("idle workers used %v of CPU in half a second", used)
		}
	})
}
