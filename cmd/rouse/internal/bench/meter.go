package bench

import (
	"runtime"
	"time"
)

// A Meter is given to each repetition. Whatever is done before Start is
// preparation and warm-up, whatever after Stop is checking and clean-up; both
// may be called on any goroutine, also inside a task.
type Meter struct {
	// Size is how much to do: Benchmark.Size, scaled, at least 1.
	Size int
	// Scale is by how much, for what is not a matter of size.
	Scale float64
	// Sample is the result; the repetition may set the extra fields.
	Sample Sample

	job     *job // what an implementation needs that starts processes
	start   time.Time
	cpu     time.Duration
	before  runtime.MemStats
	started bool
	stopped bool
}

// scaled returns n times the scale, at least least.
func (m *Meter) scaled(n, least int) int { return max(least, int(float64(n)*m.Scale)) }

// Start begins the part that is measured.
func (m *Meter) Start() {
	m.started = true
	runtime.ReadMemStats(&m.before)
	m.cpu, _ = cpuTime()
	m.start = time.Now()
}

// Stop ends it; ops operations were done since Start. It returns how long that
// took.
func (m *Meter) Stop(ops int) time.Duration {
	wall := time.Since(m.start)
	cpu, known := cpuTime()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	m.stopped = true
	n := float64(ops)
	s := &m.Sample
	s.NsPerOp = round(float64(wall) / n)
	s.AllocsPerOp = round(float64(after.Mallocs-m.before.Mallocs) / n)
	s.BytesPerOp = round(float64(after.TotalAlloc-m.before.TotalAlloc) / n)
	if known {
		s.CPUNsPerOp = round(float64(cpu-m.cpu) / n)
	}
	return wall
}

// measure has work do warm operations first, and then, on the clock, Size.
func (m *Meter) measure(warm int, work func(n int) error) error {
	if err := work(warm); err != nil {
		return err
	}
	m.Start()
	err := work(m.Size)
	m.Stop(m.Size)
	return err
}

// perSecond notes the figures of the work per second and per CPU second; wall is
// what Stop has returned.
func (m *Meter) perSecond(wall time.Duration) {
	s := &m.Sample
	s.OpsPerSec = round(float64(m.Size) / wall.Seconds())
	if s.CPUNsPerOp > 0 {
		s.OpsPerCPUSec = round(1e9 / s.CPUNsPerOp)
	}
}
