package bench

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// warmPart is how much of the work the warm-up does.
const warmPart = 0.05

// work does a job and tells about it. It runs in the worker process.
func (j *job) work(tell func(message)) {
	place := hereNow()
	tell(message{Place: &place})
	b, ok := find(j.Bench)
	if !ok {
		tell(message{Error: "no benchmark is called " + j.Bench})
		return
	}
	failed := make(map[string]bool)
	do := func(name string, rep int, scale float64) {
		im, ok := b.impl(name)
		if !ok || im.Run == nil || failed[name] {
			return
		}
		begin := Sample{Bench: b.Name, Impl: name, Rep: rep}
		tell(message{Begin: &begin})
		s, err := j.measure(b, im, rep, scale)
		if err != nil {
			failed[name] = true // and it would again
			tell(message{Error: err.Error()})
			return
		}
		if rep > 0 {
			tell(message{Sample: &s})
		}
	}
	if j.Warm {
		for _, name := range j.Impls {
			do(name, 0, j.Scale*warmPart)
		}
	}
	for rep := j.First; rep < j.First+j.Count; rep++ {
		for i := range j.Impls {
			do(j.Impls[(i+rep)%len(j.Impls)], rep, j.Scale)
		}
	}
}

// measure does one repetition.
func (j *job) measure(b Benchmark, im Impl, rep int, scale float64) (Sample, error) {
	m := &Meter{Scale: scale, job: j}
	m.Size = m.scaled(b.Size, 1)
	m.Sample = Sample{Bench: b.Name, Impl: im.Name, Rep: rep}
	if j.Scale != 1 {
		m.Sample.Scale = j.Scale
	}
	runtime.GC()
	stop := func() error { return nil }
	if j.Profile != "" && rep > 0 {
		var err error
		if stop, err = profile(filepath.Join(j.Profile, b.Name+"."+im.Name)); err != nil {
			return Sample{}, err
		}
		m.Sample.Profiled = true
	}
	err := errors.Join(im.Run(m), stop())
	if err == nil && !m.stopped {
		err = errors.New("the implementation measured nothing")
	}
	return m.Sample, err
}

// profile writes a CPU profile, and at the end one of all allocations, beside
// each other; those of the last repetition stay.
func profile(base string) (stop func() error, err error) {
	f, err := os.Create(base + ".cpu.pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		mem, err := os.Create(base + ".allocs.pprof")
		if err != nil {
			return errors.Join(err, f.Close())
		}
		return errors.Join(f.Close(), pprof.Lookup("allocs").WriteTo(mem, 0), mem.Close())
	}, nil
}
