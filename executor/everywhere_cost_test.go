package executor_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
)

// 086: a thousand executors beside one make neither a spawn nor a wake dearer, and
// none of them hears of it. What grows with them would take a nanosecond for each
// at the very least, ten times of what is compared here; the best of many rounds
// is compared, which other programs on the machine disturb least.
func TestConformance_086_CostsDoNotGrowWithExecutors(t *testing.T) {
	const others, batch = 500, 100
	type kind struct {
		spawn func()
		wake  func()
	}
	setUp := func(t *testing.T, name string) kind {
		switch name {
		case "Shared":
			c := startShared(t, func(cfg *executor.SharedConfig) { cfg.Workers = 1 })
			in := func(f func()) { // on its worker
				_, _ = wait(t, spawnShared(c.Shared, doing(func(*rouse.Context) { f() })))
			}
			return kind{
				func() {
					in(func() {
						for range batch {
							executor.SpawnSharedDetached(c.Shared, rouse.Ready(0))
						}
					})
				},
				func() {
					n := 0
					_, _ = wait(t, spawnShared(c.Shared, &probe{script: func(cx *rouse.Context, poll int) (int, error) {
						if n++; n == batch {
							return 0, nil
						}
						cx.WakeByRef()
						return 0, rouse.Pending
					}}))
				},
			}
		default:
			l, _ := onQuiet(t)
			fibers := name == "Fiber"
			ctx := l.Context(t.Context())
			return kind{
				func() {
					for range batch {
						if fibers {
							executor.SpawnFiber(ctx, l, (&probe{script: ready}).await).Detach()
						} else {
							executor.SpawnDetached(l, rouse.Ready(0))
						}
					}
					idle(t, l)
				},
				func() {
					n := 0
					p := &probe{script: func(cx *rouse.Context, _ int) (int, error) {
						if n++; n == batch {
							return 0, nil
						}
						cx.WakeByRef()
						return 0, rouse.Pending
					}}
					if fibers {
						executor.SpawnFiber(ctx, l, p.await).Detach()
					} else {
						executor.SpawnDetached(l, fut[int](p))
					}
					idle(t, l)
				},
			}
		}
	}
	best := func(f func()) time.Duration {
		least := time.Hour
		for range 20 {
			begin := time.Now()
			f()
			least = min(least, time.Since(begin))
		}
		return least
	}
	names := []string{"Local", "Fiber", "Shared"}
	kinds := make(map[string]kind)
	spawnCost, wakeCost := make(map[string]time.Duration), make(map[string]time.Duration)
	for _, name := range names {
		k := setUp(t, name)
		kinds[name], spawnCost[name], wakeCost[name] = k, best(k.spawn), best(k.wake)
	}
	var drivers []*counting
	for range others {
		d := &counting{Driver: must(manual.New(manual.Config{}))}
		l, err := executor.New(executor.Config{Driver: d, Log: silent})
		if err != nil {
			t.Fatal(err)
		}
		spawn(l, forever())
		idle(t, l)
		drivers = append(drivers, d)
		s, err := executor.NewShared(executor.SharedConfig{Workers: 1, Log: silent})
		if err != nil {
			t.Fatal(err)
		}
		spawnShared(s, forever())
		defer func() {
			if err := errors.Join(l.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		}()
	}
	runtime.GC() // or it runs beside what is measured
	before := make([]int64, len(drivers))
	for i, d := range drivers {
		before[i] = d.unparks.Load()
	}
	for _, name := range names {
		k := kinds[name]
		spawn2, wake2 := best(k.spawn), best(k.wake)
		// Something else may have been running; what grows stays so.
		for end := time.Now().Add(2 * time.Second); (spawn2 > 5*spawnCost[name] || wake2 > 5*wakeCost[name]) && time.Now().Before(end); {
			spawn2, wake2 = min(spawn2, best(k.spawn)), min(wake2, best(k.wake))
		}
		t.Run(name, func(t *testing.T) {
			t.Logf("spawn %v, wake %v; beside %d executors %v, %v", spawnCost[name]/batch, wakeCost[name]/batch, 2*others, spawn2/batch, wake2/batch)
			if spawn2 > 5*spawnCost[name] || wake2 > 5*wakeCost[name] {
				t.Error("costs grow with the number of executors")
			}
		})
	}
	for i, d := range drivers {
		if d.unparks.Load() != before[i] {
			t.Errorf("executor %d was woken for another's tasks", i)
		}
	}
}

func ready(*rouse.Context, int) (int, error) { return 0, nil }
