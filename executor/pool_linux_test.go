package executor_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

func TestAPlacementBinds(t *testing.T) {
	for _, pl := range []executor.Placement{executor.MaxSpread(0), executor.MaxPack(1), executor.OnCPUs(0)} {
		p, _ := pool(t, 0, func(c *executor.PoolConfig) { c.Placement = pl })
		cpus := make([]int, p.Len())
		err := p.Each(t.Context(), func(ctx context.Context, i int) error {
			var set unix.CPUSet
			err := unix.SchedGetaffinity(0, &set)
			if err != nil || set.Count() != 1 {
				t.Errorf("%v: executor %d may use %d CPUs, %v", pl, i, set.Count(), err)
			}
			for !set.IsSet(cpus[i]) {
				cpus[i]++
			}
			return nil
		})
		slices.Sort(cpus)
		if n := len(slices.Compact(slices.Clone(cpus))); err != nil || n != len(cpus) {
			t.Errorf("%v: CPUs %v, %v", pl, cpus, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// tree is garbage with pointers in it, for the collector to follow.
type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return new(tree)
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

// busy allocates and yields until it is told to stop; it notes how long the
// longest time between two of its polls was.
type busy struct {
	stop  *counter
	polls int
	last  time.Time
	gaps  []time.Duration
	trash *tree
}

func (b *busy) Poll(cx *rouse.Context) (int, error) {
	now := time.Now()
	if b.polls++; b.polls > 1 {
		if gap := now.Sub(b.last); gap > 100*time.Microsecond {
			b.gaps = append(b.gaps, gap)
		}
	}
	b.last = now
	if b.stop.Load() != 0 {
		return b.polls, nil
	}
	b.trash = grow(3)
	cx.WakeByRef()
	return 0, rouse.Pending
}

// BenchmarkPoolBesideTheCollector is where the default of PoolConfig.Procs
// comes from: executors that are always busy and allocate, as many as CPUs,
// beside a large heap and a goroutine that wants to run every millisecond.
// Reported are polls per second of all executors, the time that they lost in
// gaps of over 100 µs, the longest gap, and how late the goroutine came.
func BenchmarkPoolBesideTheCollector(b *testing.B) {
	n := runtime.NumCPU()
	for _, c := range []struct {
		name  string
		procs int
	}{{"n", n}, {"n+1", n + 1}, {"n+n", n + n}} {
		b.Run(c.name, func(b *testing.B) {
			old := runtime.GOMAXPROCS(c.procs)
			defer runtime.GOMAXPROCS(old)
			ballast := grow(20) // 32 MiB
			p, _ := pool(b, n, func(cfg *executor.PoolConfig) { cfg.Procs = -1 })
			var stop counter
			tasks := make([]*busy, n)
			handles := make([]rouse.JoinHandle[int], n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			for i := range tasks {
				tasks[i] = &busy{stop: &stop}
				handles[i] = executor.Spawn(p.At(i), fut[int](tasks[i]))
			}
			var late []time.Duration
			for time.Since(began) < 3*time.Second {
				at := time.Now()
				time.Sleep(time.Millisecond)
				late = append(late, time.Since(at)-time.Millisecond)
			}
			stop.Store(1)
			polls, lost, worst := 0, time.Duration(0), time.Duration(0)
			for i, h := range handles {
				v, err := h.Join(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				polls += v
				for _, g := range tasks[i].gaps {
					lost += g
					worst = max(worst, g)
				}
			}
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			runtime.KeepAlive(ballast)
			slices.Sort(late)
			b.ReportMetric(float64(polls)/took.Seconds()/1e6, "Mpolls/s")
			b.ReportMetric(100*lost.Seconds()/took.Seconds()/float64(n), "%lost")
			b.ReportMetric(worst.Seconds()*1e3, "worst-gap-ms")
			b.ReportMetric(late[len(late)/2].Seconds()*1e3, "late-p50-ms")
			b.ReportMetric(late[len(late)*99/100].Seconds()*1e3, "late-p99-ms")
			b.ReportMetric(float64(after.NumGC-before.NumGC)/took.Seconds(), "gc/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
