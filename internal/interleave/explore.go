package interleave

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Unbounded as [Config.Preemptions] asks for every interleaving.
const Unbounded = 0

// A Config says how to explore a model. The zero value of each field is a
// sensible one, but for Model.
type Config struct {
	// Model names the model in reports: package/what.
	Model string
	// Preemptions is how often a schedule may switch away from a thread that
	// could go on; what store buffers do doesn't count. Unbounded, the zero value,
	// explores every interleaving that makes a difference.
	Preemptions int
	// Limit is after how many schedules the exploration gives up being
	// complete; 0 stands for two million, and for 30 000 under the race detector,
	// which makes each many times as dear.
	Limit int
	// Random is how many schedules are tried at random, after the others or,
	// if Preemptions is negative, instead of them.
	Random int
	// Depth is how many events in a given order the random schedules look for;
	// 0 stands for 3. At most 9.
	Depth int
	// Seed is that of the random schedules.
	Seed uint64
	// Strong has release stores seen at once, as ordinary ones are. That is not what
	// amd64 does, see buffer.go: it is for more preemptions than there is time for
	// otherwise, beside the same model without it.
	Strong bool
	// Steps is how many operations an execution may have; more is a livelock.
	// 0 stands for 2000.
	Steps int

	naive bool // every interleaving, without reduction
}

// A Report is what came of an exploration.
type Report struct {
	Config    Config
	Schedules int  // executions of the model
	Steps     int  // operations in all of them
	Longest   int  // operations of the longest
	Pruned    int  // executions of which only the beginning was new
	Complete  bool // nothing is left within the bound
	Random    int  // of the schedules, those that were random
	Elapsed   time.Duration
	Failure   *Failure // nil if all is well
}

// A Failure is a schedule that went wrong.
type Failure struct {
	What       string
	Schedule   string // replays it
	Found      int    // by the how-manieth schedule, from 1
	Transcript string
}

// String is a line that programs can read: key=value, and the bound is either
// none or the greatest number of preemptions.
func (r *Report) String() string {
	bound := fmt.Sprint(r.Config.Preemptions)
	if r.Config.Preemptions == Unbounded {
		bound = "none"
	} else if r.Config.Preemptions < 0 {
		bound = "random"
	}
	text := fmt.Sprintf("interleave: model=%s schedules=%d steps=%d longest=%d bound=%s complete=%t random=%d seed=%d race=%t seconds=%.2f",
		r.Config.Model, r.Schedules, r.Steps, r.Longest, bound, r.Complete, r.Random, r.Config.Seed, Race, r.Elapsed.Seconds())
	if r.Failure != nil {
		text += fmt.Sprintf(" failed-at=%d", r.Failure.Found)
	}
	return text
}

// one exploration at a time: there is one place where words look for it.
var one sync.Mutex

// collectEvery is after how many schedules the garbage is collected. In between
// it is not, so that within an execution no address means two things.
const collectEvery = 4096

// Explore runs model in one schedule after the other, until one fails, all are
// done, or the limit is reached. The model's atomic words must be those of
// internal/atomics, and the program built with the tag interleave.
func Explore(c Config, model func(*World)) *Report {
	one.Lock()
	defer one.Unlock()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // hand-over is cheaper
	c = c.filled()
	r := &Report{Config: c}
	start := time.Now()
	e := newEngine(c)
	defer watch(e, c.Model)()
	if c.Preemptions >= 0 {
		e.explorer = explorerFor(c, c.Preemptions)
		r.Complete = e.exploreAll(r, c.Limit, model)
	}
	if r.Failure == nil && c.Random > 0 {
		e.explorer = &pct{seed: c.Seed, depth: c.Depth, longest: r.Longest}
		before := r.Schedules
		e.exploreAll(r, before+c.Random, model)
		r.Random = r.Schedules - before
	}
	r.Elapsed = time.Since(start)
	if r.Failure != nil && e.diverged == "" {
		minimise(c, r.Failure, e.decisions(), e.preemptions(), model)
	}
	runtime.GC()
	return r
}

func (c Config) filled() Config {
	if c.Limit == 0 {
		c.Limit = 2_000_000
		if Race {
			c.Limit = 30_000
		}
	}
	if c.Depth == 0 {
		c.Depth = 3
	}
	if c.Depth < 1 || c.Depth > maxDepth {
		panic("rouse: interleave: Depth is from 1 to 9")
	}
	if c.Steps == 0 {
		c.Steps = 2000
	}
	return c
}

func explorerFor(c Config, preemptions int) explorer {
	switch {
	case c.naive && preemptions == Unbounded:
		return &bounded{bound: 1 << 20, naive: true}
	case preemptions == Unbounded:
		return &dpor{}
	default:
		return &bounded{bound: preemptions, naive: c.naive}
	}
}

func newEngine(c Config) *engine { return &engine{maxSteps: c.Steps, strong: c.Strong} }

// exploreAll goes on until r counts limit schedules, and reports whether
// nothing was left before.
func (e *engine) exploreAll(r *Report, limit int, model func(*World)) (complete bool) {
	for {
		e.execute(model)
		r.Schedules++
		r.Steps += len(e.steps)
		r.Longest = max(r.Longest, len(e.steps))
		if e.pruned {
			r.Pruned++
		}
		if r.Failure = e.failure; r.Failure != nil {
			r.Failure.Found = r.Schedules
			return false
		}
		if r.Schedules%collectEvery == 0 {
			runtime.GC()
		}
		if !e.explorer.backtrack(e) {
			return true
		}
		if r.Schedules >= limit {
			return false
		}
	}
}

// preemptions counts those of the last execution.
func (e *engine) preemptions() (n int) {
	for i := range e.steps {
		if e.steps[i].preempts {
			n++
		}
	}
	return n
}

// minimiseLimit bounds the search for a failure that is easier to read.
const minimiseLimit = 20_000

// minimise looks for a failing schedule with fewer preemptions than there were,
// and completes f with the schedule and its transcript.
func minimise(c Config, f *Failure, all []decision, preemptions int, model func(*World)) {
	e := newEngine(c)
	for bound := range preemptions {
		e.explorer = &bounded{bound: bound}
		if fewer := new(Report); !e.exploreAll(fewer, minimiseLimit, model) && fewer.Failure != nil {
			f.What, all = fewer.Failure.What, e.decisions()
			break
		}
	}
	f.Schedule = formatSchedule(all)
	if again := replay(c, all, model); again != nil {
		f.What, f.Transcript = again.What, again.Transcript
	} else {
		f.Transcript = "the schedule does not fail again: the model is not deterministic, or the race detector reports a race once only\n"
	}
}

// replay runs the schedule with a transcript; nil if it does not fail.
func replay(c Config, all []decision, model func(*World)) *Failure {
	e := newEngine(c)
	e.explorer = &script{all: all}
	e.record = &transcript{}
	e.execute(model)
	text := e.record.render(e)
	if e.failure == nil {
		if Race { // reported once only, but the schedule is known to be at fault
			return &Failure{What: "the race detector has reported a race, see above", Transcript: text}
		}
		return nil
	}
	e.failure.Transcript = text
	return e.failure
}
