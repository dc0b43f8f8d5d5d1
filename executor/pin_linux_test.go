package executor_test

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func mask(t testing.TB) (set unix.CPUSet) {
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// firstCPU returns a CPU that this process may use.
func firstCPU(t testing.TB) int {
	set := mask(t)
	for n := range 1024 {
		if set.IsSet(n) {
			return n
		}
	}
	t.Fatal("no CPU")
	return 0
}

func TestConformance_137_PinnedToACPU(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		cpu := firstCPU(t)
		before := mask(t)
		l, _ := w.local(t, func(c *executor.Config) { c.CPU = executor.OnCPU(cpu) })
		var inPoll, inFiber unix.CPUSet
		spawn(l, doing(func(*rouse.Context) { inPoll = mask(t) }))
		j := executor.SpawnFiber(t.Context(), l, func(context.Context) (int, error) { inFiber = mask(t); return 0, nil })
		if _, err := joined(l, j); err != nil {
			t.Fatal(err)
		}
		var want unix.CPUSet
		want.Set(cpu)
		if inPoll != want || inFiber != want {
			t.Errorf("poll on %v, fiber on %v, want %v", inPoll, inFiber, want)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if after := mask(t); after != before {
			t.Errorf("after Close the thread has the mask %v, before it had %v", after, before)
		}
	})
}

func TestConformance_137_ACPUThatIsNotThere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		for _, cpu := range []int{1000, 5000} {
			l, _ := w.local(t, func(c *executor.Config) { c.CPU = executor.OnCPU(cpu) })
			for range 2 { // also the second time
				if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "can't pin to CPU") {
					t.Errorf("CPU %d: %v", cpu, err)
				}
			}
			p := forever()
			if _, err := executor.RunUntil(l, fut[int](p)); err == nil {
				t.Error("RunUntil ran unpinned")
			}
			p.check(t, 0, 1)
		}
	})
}
