package faults_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/internal/leakcheck"
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
	if c[w.under.name] == nil {
		c[w.under.name] = map[string]int{}
	}
	for kind, n := range w.d.Counts() {
		c[w.under.name][kind] += n
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
		t.Run(under.name, func(t *testing.T) {
			c := counts{}
			for seed := range uint64(mostSeeds) {
				if seed >= seeds && c.have(under.name, kinds) {
					break
				}
				plan.Seed = seed
				run(t, under, plan, c, fn)
			}
			faults.Report(t, under.name, c[under.name], kinds...)
		})
	}
}

func run(t *testing.T, under driverUnderTest, plan faults.Plan, c counts, fn func(w *world)) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), leakcheck.Descriptors()
	w := &world{T: t, under: under, d: faults.Wrap(under.must(t), plan)}
	var err error
	if w.ex, err = executor.New(executor.Config{Driver: w.d}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(rouse.WithExecutor(context.Background(), w.ex), patience)
	defer cancel()
	w.ctx = ctx
	ended := make(chan error, 1)
	go func() {
		err := w.ex.Run(context.Background())
		if e := w.ex.Close(); err == nil {
			err = e
		}
		ended <- err
	}()
	fn(w)
	w.ex.Stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("seed %d: %v", plan.Seed, err)
		}
	case <-time.After(patience):
		t.Fatalf("seed %d: the executor does not end", plan.Seed)
	}
	c.add(w)
	cancel()
	w.noLeak("goroutines", goroutines, runtime.NumGoroutine)
	w.noLeak("descriptors", files, leakcheck.Descriptors)
}

func (w *world) noLeak(what string, before int, now func() int) {
	w.Helper()
	for end := time.Now().Add(5 * time.Second); now() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			w.Fatalf("%s: %d before, %d after\n%s", what, before, now(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// async calls fn on a goroutine; the function it returns waits for the result.
func async[T any](w *world, fn func() (T, error)) func() (T, error) {
	type result struct {
		v   T
		err error
	}
	ch := make(chan result, 1)
	go func() {
		v, err := fn()
		ch <- result{v, err}
	}()
	return func() (T, error) {
		w.Helper()
		select {
		case r := <-ch:
			return r.v, r.err
		case <-time.After(patience):
			w.Fatal("a call does not return")
			panic("not reached")
		}
	}
}

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

// pattern is test content: byte i is a function of i and of whose it is.
func pattern(whose, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16 + whose*101)
	}
	return b
}
