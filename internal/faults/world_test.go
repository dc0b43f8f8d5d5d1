package faults_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/internal/faults"
)

// A world is an executor on a driver with faults, on a goroutine of its own.
type world struct {
	*testing.T
	under driverUnderTest
	d     *faults.Driver
	ex    *executor.Local
	ctx   context.Context // carries ex
}

// counts are the faults that the worlds of one test have made, by driver.
type counts map[string]map[string]int

func (c counts) add(w *world) {
	if c[w.under.Name] == nil {
		c[w.under.Name] = map[string]int{}
	}
	for kind, n := range w.d.Counts() {
		c[w.under.Name][kind] += n
	}
}

// have reports whether there were faults of each of kinds.
func (c counts) have(driver string, kinds []string) bool {
	return !slices.ContainsFunc(kinds, func(kind string) bool { return c[driver][kind] == 0 })
}

// Each test tries so many plans on each driver, and then others until each fault
// that it wants was made: which ones are depends on what meets what, too.
const (
	seeds     = 3
	mostSeeds = 20
)

// onEach runs fn on every driver with some seeds, looks for what is left after
// each, and reports which faults were made; there must be some of each of kinds.
func onEach(t *testing.T, plan faults.Plan, kinds []string, fn func(w *world)) {
	onSome(t, func(driverUnderTest) bool { return true }, plan, kinds, fn)
}

// onSome is onEach for the drivers that may.
func onSome(t *testing.T, may func(driverUnderTest) bool, plan faults.Plan, kinds []string, fn func(w *world)) {
	for _, under := range drivers {
		if !may(under) {
			continue
		}
		t.Run(under.Name, func(t *testing.T) {
			c := counts{}
			for seed := range uint64(mostSeeds) {
				if seed >= seeds && c.have(under.Name, kinds) {
					break
				}
				plan.Seed = seed
				t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { run(t, under, plan, c, fn) })
			}
			faults.Report(t, under.Name, c[under.Name], kinds...)
		})
	}
}

func run(t *testing.T, under driverUnderTest, plan faults.Plan, c counts, fn func(w *world)) {
	t.Helper()
	exectest.NoneLeft(t)
	w := &world{T: t, under: under}
	r := exectest.Run(t, executor.Config{}, func() (driver.Driver, error) {
		inner, err := under.Open()
		if err != nil {
			return nil, err
		}
		w.d = faults.Wrap(inner, plan)
		return w.d, nil
	})
	w.ex, w.ctx = r.Executor, r.Ctx
	fn(w)
	r.Stop()
	c.add(w)
}

func async[T any](w *world, fn func() (T, error)) func() (T, error) { return exectest.Async(w, fn) }

// pattern is test content: of one of many.
func pattern(whose, n int) []byte { return exectest.Content(whose, n) }

// set changes the plan, at home.
func (w *world) set(plan faults.Plan) {
	w.Helper()
	_, err := executor.Spawn[int](w.ex, rouse.FutureFunc[int](func(*rouse.Context) (int, error) {
		w.d.Set(plan)
		return 0, nil
	})).Join(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
}
