package executor_test

import (
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
)

// 086: a thousand executors beside it make neither a spawn nor a wake dearer, and
// none of them hears of it. What grows with them would take a nanosecond for each
// at the very least, ten times of what is compared here; the best of many rounds
// is compared, which other programs on the machine disturb least.
func TestConformance_086_CostsDoNotGrowWithExecutors(t *testing.T) {
	const others, batch = 1000, 200
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
		for range 40 {
			begin := time.Now()
			f()
			least = min(least, time.Since(begin))
		}
		return least
	}
	for _, name := range []string{"Local", "Fiber", "Shared"} {
		t.Run(name, func(t *testing.T) {
			bound(t)
			k := setUp(t, name)
			spawn, wake := best(k.spawn), best(k.wake)
			var drivers []*counting
			var locals []*executor.Local
			var shared []*executor.Shared
			for range others {
				d := &counting{Driver: driver.Driver(must(manual.New(manual.Config{})))}
				l, err := executor.New(executor.Config{Driver: d, Log: silent})
				if err != nil {
					t.Fatal(err)
				}
				spawnOne := forever()
				executor.Spawn(l, fut[int](spawnOne))
				idle(t, l)
				drivers, locals = append(drivers, d), append(locals, l)
				s, err := executor.NewShared(executor.SharedConfig{Workers: 1, Log: silent})
				if err != nil {
					t.Fatal(err)
				}
				spawnShared(s, forever())
				shared = append(shared, s)
			}
			before := make([]int64, len(drivers))
			for i, d := range drivers {
				before[i] = d.unparks.Load() + d.parks.Load()
			}
			spawn2, wake2 := best(k.spawn), best(k.wake)
			for i, d := range drivers {
				if n := d.unparks.Load() + d.parks.Load(); n != before[i] {
					t.Errorf("executor %d was woken for another's tasks", i)
				}
			}
			t.Logf("spawn %v, wake %v; beside %d executors %v, %v", spawn/batch, wake/batch, 2*others, spawn2/batch, wake2/batch)
			if spawn2 > 3*spawn || wake2 > 3*wake {
				t.Error("costs grow with the number of executors")
			}
			for i := range locals {
				if err := locals[i].Close(); err != nil {
					t.Error(err)
				}
				if err := shared[i].Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func ready(*rouse.Context, int) (int, error) { return 0, nil }
