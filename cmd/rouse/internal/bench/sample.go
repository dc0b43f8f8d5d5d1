package bench

import "math"

// A Sample is what one repetition gave: one line of -json. The fields after
// Rep are there where they make sense. The format is shared with the programs
// that measure other runtimes.
type Sample struct {
	Bench       string  `json:"bench"`
	Impl        string  `json:"impl"`
	NsPerOp     float64 `json:"ns_per_op"`
	AllocsPerOp float64 `json:"allocs_per_op"`
	BytesPerOp  float64 `json:"bytes_per_op"`
	Rep         int     `json:"rep"`

	// CPUNsPerOp is the CPU time of the process. Where it is clearly below
	// NsPerOp on one CPU, somebody else had the CPU meanwhile.
	CPUNsPerOp float64 `json:"cpu_ns_per_op,omitempty"`

	OpsPerSec    float64 `json:"ops_per_s,omitempty"`
	OpsPerCPUSec float64 `json:"ops_per_cpu_s,omitempty"`
	P50us        float64 `json:"p50_us,omitempty"`
	P99us        float64 `json:"p99_us,omitempty"`
	P999us       float64 `json:"p999_us,omitempty"`
	RSSBytes     int64   `json:"rss_bytes,omitempty"`

	// IdleCPUms is the CPU time in milliseconds that was used per second of
	// idleness. A pointer, because 0 is a good answer.
	IdleCPUms *float64 `json:"idle_cpu_ms_per_s,omitempty"`

	// Scale is set if the work was not the whole: such a line must not be
	// compared with others.
	Scale float64 `json:"scale,omitempty"`
	// Profiled is set if a profiler was running: likewise.
	Profiled bool `json:"profiled,omitempty"`
}

// round keeps four digits after the point: less is noise, and a handful of
// allocations in millions of operations shall read as the 0 that it is.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
