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
	Base  string // the implementation that ratios are taken to; "" is goroutine
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
	// AllCPUs: all in one process, left alone.
	AllCPUs
)

func (r Runs) bound() bool { return r == OneCPU || r == OwnProcessOneCPU }

// An Impl is one way to do a benchmark's work.
type Impl struct {
	Name string
	How  string // what it is made of, for the reader of the table
	// Run does the work of m.Size, between m.Start and m.Stop, and checks it.
	Run func(m *Meter) error
	// Absent is why Run is nil: not on this system, or not at all.
	Absent string
	// AllCPUs says that it runs in a process that is left alone, though its
	// benchmark's are bound; its ratio is taken to the baseline there.
	AllCPUs bool
	Goal    Goal
}

// A Goal is what an implementation is meant to reach. Zero fields are none.
type Goal struct {
	Ratio     float64 // to the baseline
	Beside    []Bound // to other implementations
	NoAllocs  bool    // in the steady state
	Bytes     float64 // bytes_per_op
	IdleMsPer float64 // milliseconds of CPU per idle second
}

// A Bound is the greatest ratio to another implementation.
type Bound struct {
	To    string
	Max   float64
	Upper bool // the whole interval is to lie below it, not only its lower end
}

// baseline is what ratios are taken to, unless the benchmark has another;
// allCPUs marks the name of its twin that is left alone.
const (
	baseline = "goroutine"
	allCPUs  = "_unbound"
)

// base returns the name of what im's ratio is taken to; its own if im is that.
func (b Benchmark) base(im Impl) string {
	name := baseline
	if b.Base != "" {
		name = b.Base
	}
	if im.AllCPUs {
		name += allCPUs
	}
	return name
}

// bound reports whether im runs bound to one CPU.
func (b Benchmark) bound(im Impl) bool { return b.Runs.bound() && !im.AllCPUs }

// All is every benchmark, in the order of the report.
var All = []Benchmark{
	yield1000,
	spawnJoin,
	wakeTask,
	wakeIdle,
	wakeCross,
	wakeCrossAsleep,
	pingpong,
	mesh,
	meshPingpong,
	mpmc,
	timerChurn,
	memory1M,
	echoIdle,
	echo64,
	echo1000,
	fileRead4K,
}

// Select returns the benchmarks whose name run matches, with the
// implementations that impl matches; nil matches all. What they are
// compared with stays in, so that there are ratios, if withBaseline is set.
func Select(all []Benchmark, run, impl *regexp.Regexp, withBaseline bool) []Benchmark {
	var chosen []Benchmark
	for _, b := range all {
		if run != nil && !run.MatchString(b.Name) {
			continue
		}
		wanted := make(map[string]bool)
		for _, im := range b.Impls {
			if impl == nil || impl.MatchString(im.Name) {
				wanted[im.Name] = true
			}
		}
		if len(wanted) == 0 {
			continue
		}
		if withBaseline {
			for _, im := range b.Impls {
				if !wanted[im.Name] {
					continue
				}
				wanted[b.base(im)] = true
				for _, bound := range im.Goal.Beside {
					wanted[bound.To] = true
				}
			}
		}
		var impls []Impl
		for _, im := range b.Impls {
			if wanted[im.Name] {
				impls = append(impls, im)
			}
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
	return append(b.presentWhere(true), b.presentWhere(false)...)
}

// presentWhere returns those of present that run bound, or that don't.
func (b Benchmark) presentWhere(bound bool) []string {
	var names []string
	for _, im := range b.Impls {
		if im.Run != nil && b.bound(im) == bound {
			names = append(names, im.Name)
		}
	}
	return names
}
