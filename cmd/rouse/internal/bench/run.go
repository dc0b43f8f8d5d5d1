package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Options say how to run benchmarks.
type Options struct {
	Count   int     // repetitions; 0 for each benchmark's default
	Scale   float64 // of the work
	CPU     int     // to bind to; below 0 for the last one that we may use
	Profile string  // directory for profiles, or empty
	Timeout time.Duration

	// Begin is told of each repetition, before it; number 0 is the warm-up.
	Begin func(s Sample, of int)
	// Sample is told of each result.
	Sample func(s Sample)
}

// A Result is what was measured, whole or not.
type Result struct {
	Machine  Machine
	Benches  []Benchmark
	Options  Options
	Samples  []Sample
	Failures []Failure
	Bound    *Place // where the benchmarks of one CPU ran; nil if none did
	Free     *Place // where the others ran
	// Interrupted is set if ctx ended before everything was done.
	Interrupted bool
}

// A Failure is a benchmark that gave a wrong result, or none.
type Failure struct {
	Bench, Impl string // Impl may be empty
	Rep         int
	Err         string
}

func (f Failure) String() string {
	if f.Impl == "" {
		return f.Bench + ": " + f.Err
	}
	return fmt.Sprintf("%s, %s, repetition %d: %s", f.Bench, f.Impl, f.Rep, f.Err)
}

// CheckCPU reports an error if cpu can't be bound to.
func CheckCPU(cpu int) error {
	switch cpus := allowedCPUs(); {
	case cpu < 0:
		return nil
	case !canBind:
		return errors.New("binding to a CPU is not possible on this system")
	case !slices.Contains(cpus, cpu):
		return fmt.Errorf("CPU %d is not one that this process may use: %s", cpu, ranges(cpus))
	}
	return nil
}

// Run runs benches and returns when all is done or ctx has ended.
func Run(ctx context.Context, benches []Benchmark, o Options) *Result {
	r := &Result{Machine: ThisMachine(), Benches: benches, Options: o}
	var bind, rest []int
	if cpus := allowedCPUs(); len(cpus) > 0 {
		cpu := o.CPU
		if cpu < 0 {
			cpu = cpus[len(cpus)-1] // interrupts like the first
		}
		bind = []int{cpu}
		rest = slices.DeleteFunc(cpus, func(c int) bool { return c == cpu })
	}
	for _, b := range benches {
		for _, j := range r.jobs(b) {
			j.Rest = rest
			if ctx.Err() == nil {
				r.run(ctx, b, j, bind)
			}
		}
	}
	r.Interrupted = ctx.Err() != nil
	return r
}

// jobs cuts a benchmark into what one process does.
func (r *Result) jobs(b Benchmark) []*job {
	var jobs []*job
	count := b.count(r.Options.Count)
	for _, bound := range []bool{true, false} {
		names := b.presentWhere(bound)
		if len(names) == 0 {
			continue
		}
		j := job{Bench: b.Name, Impls: names, First: 1, Count: count, Warm: true, Bound: bound, Scale: r.Options.Scale, Profile: r.Options.Profile}
		if b.Runs == OneCPU || b.Runs == AllCPUs {
			jobs = append(jobs, &j)
			continue
		}
		for rep := 1; rep <= count; rep++ {
			for i := range names {
				one := j
				one.Impls, one.First, one.Count, one.Warm = names[(i+rep)%len(names):][:1], rep, 1, false
				jobs = append(jobs, &one)
			}
		}
	}
	return jobs
}

// run has a worker do j.
func (r *Result) run(ctx context.Context, b Benchmark, j *job, bind []int) {
	if !j.Bound {
		bind = nil
	}
	now := Failure{Bench: b.Name} // what has begun
	fail := func(err string) {
		now.Err = err
		r.Failures = append(r.Failures, now)
	}
	err := j.start(ctx, j.Bound, bind, r.Options.Timeout, func(m message) {
		switch {
		case m.Place != nil:
			if j.Bound {
				r.Bound = m.Place
			} else {
				r.Free = m.Place
			}
		case m.Begin != nil:
			now.Impl, now.Rep = m.Begin.Impl, m.Begin.Rep
			if r.Options.Begin != nil {
				r.Options.Begin(*m.Begin, b.count(r.Options.Count))
			}
		case m.Sample != nil:
			r.Samples = append(r.Samples, *m.Sample)
			if r.Options.Sample != nil {
				r.Options.Sample(*m.Sample)
			}
		case m.Error != "":
			fail(m.Error)
		}
	})
	if err != nil && ctx.Err() == nil {
		fail(err.Error())
	}
}
