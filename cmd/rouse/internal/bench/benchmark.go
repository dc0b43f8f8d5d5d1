package bench

import (
	"regexp"
	"strings"
)

// A Benchmark is one kind of work, and the implementations that do it.
type Benchmark struct {
	Name string
	Work string // what is done, in one line
	Op   string // what is counted
	Size int    // how much, at scale 1; what it counts is the benchmark's own business
	Runs Runs
	// Count is how many repetitions are made unless -count says otherwise;
	// 0 means DefaultCount.
	Count int
	Impls []Impl
}

// DefaultCount is the least number of repetitions for a verdict.
const DefaultCount = 9

// Runs says where the repetitions of a benchmark run.
type Runs uint8

const (
	// OneCPU: all in one process, bound to one CPU, with GOMAXPROCS=1.
	OneCPU Runs = iota
	// OwnProcess: each in a process of its own, left alone.
	OwnProcess
	// OwnProcessOneCPU: each in a process of its own, bound to one CPU.
	OwnProcessOneCPU
)

func (r Runs) bound() bool { return r != OwnProcess }

// An Impl is one way to do a benchmark's work.
type Impl struct {
	Name string
	How  string // what it is made of, for the reader of the table
	// Run does the work of m.Size, between m.Start and m.Stop, and checks it.
	Run func(m *Meter) error
	// Absent is why Run is nil: not on this system, or not at all.
	Absent string
	Goal   Goal
}

// A Goal is what an implementation is meant to reach. Zero fields are none.
type Goal struct {
	Ratio     float64 // to the implementation "goroutine"
	NoAllocs  bool    // in the steady state
	Bytes     float64 // bytes_per_op
	IdleMsPer float64 // milliseconds of CPU per idle second
}

// baseline is what ratios are taken to.
const baseline = "goroutine"

// All is every benchmark, in the order of the report.
var All = []Benchmark{
	yield1000,
	spawnJoin,
	wakeTask,
	wakeIdle,
	pingpong,
	timerChurn,
	memory1M,
	echoIdle,
	fileRead4K,
}

// Select returns the benchmarks whose name run matches, with the
// implementations that impl matches; nil matches all. The baseline stays in,
// so that there are ratios, if withBaseline is set.
func Select(all []Benchmark, run, impl *regexp.Regexp, withBaseline bool) []Benchmark {
	var chosen []Benchmark
	for _, b := range all {
		if run != nil && !run.MatchString(b.Name) {
			continue
		}
		var impls []Impl
		some := false
		for _, im := range b.Impls {
			match := impl == nil || impl.MatchString(im.Name)
			some = some || match
			if match || withBaseline && im.Name == baseline {
				impls = append(impls, im)
			}
		}
		if !some {
			continue
		}
		b.Impls = impls
		chosen = append(chosen, b)
	}
	return chosen
}

// Names lists what b is called, for messages.
func Names(bs []Benchmark) string {
	names := make([]string, len(bs))
	for i, b := range bs {
		names[i] = b.Name
	}
	return strings.Join(names, " ")
}

func find(name string) (Benchmark, bool) {
	for _, b := range All {
		if b.Name == name {
			return b, true
		}
	}
	return Benchmark{}, false
}

func (b Benchmark) impl(name string) (Impl, bool) {
	for _, im := range b.Impls {
		if im.Name == name {
			return im, true
		}
	}
	return Impl{}, false
}

func (b Benchmark) count(asked int) int {
	switch {
	case asked > 0:
		return asked
	case b.Count > 0:
		return b.Count
	}
	return DefaultCount
}

// present returns the names of the implementations that can be run here.
func (b Benchmark) present() []string {
	var names []string
	for _, im := range b.Impls {
		if im.Run != nil {
			names = append(names, im.Name)
		}
	}
	return names
}
