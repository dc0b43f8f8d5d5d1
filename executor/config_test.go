package executor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestABadConfigIsAnErrorThatNamesTheField(t *testing.T) {
	fds := leakcheck.Descriptors()
	for field, cfg := range map[string]executor.Config{
		"Config.Tick":            {Tick: -1},
		"Config.Spin":            {Spin: -time.Second},
		"Config.Grace":           {Grace: -1},
		"Config.CPU":             {CPU: -1},
		"Config.BlockingWorkers": {BlockingWorkers: -3},
	} {
		if l, err := executor.New(cfg); l != nil || err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
		if err := executor.RunWith(cfg, nil); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("RunWith: %s: %v", field, err)
		}
	}
	if n := leakcheck.Descriptors(); n != fds {
		t.Errorf("%d descriptors, before %d", n, fds)
	}
}

func TestTheZeroConfigWorks(t *testing.T) {
	bound(t)
	l, err := executor.New(executor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Name() != "executor" {
		t.Errorf("name %q", l.Name())
	}
	if v, err := executor.RunUntil(l, fut[int](after(1, 1))); v != 1 || err != nil {
		t.Error(v, err)
	}
}

func TestSeedMakesRandomNumbersRepeatable(t *testing.T) {
	eachWorld(t, func(t *testing.T, w world) {
		var runs [3][]uint64
		for i, seed := range []uint64{7, 7, 0} {
			l, _ := w.local(t, func(c *executor.Config) { c.Seed = seed })
			spawn(l, doing(func(cx *rouse.Context) {
				for range 5 {
					runs[i] = append(runs[i], cx.Rand())
				}
			}))
			idle(t, l)
		}
		wantOrder(t, runs[1], runs[0]...)
		if runs[2][0] == runs[0][0] && runs[2][1] == runs[0][1] {
			t.Error("seed 0 gives the numbers of seed 7")
		}
	})
}

func TestManyNamesDontPileUp(t *testing.T) {
	l, _ := onDefault(t)
	_, err := executor.RunUntil(l, fut[int](doing(func(cx *rouse.Context) {
		for i := range 5000 {
			executor.SpawnDetached(l, fut[int](after(1, i)), executor.Named(time.Duration(i).String()))
		}
	})))
	if err != nil {
		t.Fatal(err)
	}
	idle(t, l)
}
