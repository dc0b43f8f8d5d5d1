package bench

// A row is the samples of one implementation of one benchmark.
type row struct {
	bench   Benchmark
	impl    Impl
	samples []Sample
	base    []Sample // of the baseline; nil for itself
	want    int      // how many samples there should be
}

// rows returns the rows of b, in the order of its implementations.
func (r *Result) rows(b Benchmark) []row {
	of := func(name string) (out []Sample) {
		for _, s := range r.Samples {
			if s.Bench == b.Name && s.Impl == name {
				out = append(out, s)
			}
		}
		return out
	}
	base := of(baseline)
	var rows []row
	for _, im := range b.Impls {
		rw := row{bench: b, impl: im, samples: of(im.Name), want: b.count(r.Options.Count)}
		if im.Name != baseline {
			rw.base = base
		}
		rows = append(rows, rw)
	}
	return rows
}

// values returns one figure of every sample.
func values(ss []Sample, of func(Sample) float64) []float64 {
	vs := make([]float64, len(ss))
	for i, s := range ss {
		vs[i] = of(s)
	}
	return vs
}

func (rw row) median(of func(Sample) float64) float64 { return median(values(rw.samples, of)) }

// primary is the figure that a benchmark is about: the one whose ratio is taken.
func (b Benchmark) primary() func(Sample) float64 {
	switch b.Name {
	case memory1M.Name:
		return bytesPerOp
	case fileRead4K.Name:
		return cpuNsPerOp
	}
	return nsPerOp
}

func nsPerOp(s Sample) float64      { return s.NsPerOp }
func cpuNsPerOp(s Sample) float64   { return s.CPUNsPerOp }
func allocsPerOp(s Sample) float64  { return s.AllocsPerOp }
func bytesPerOp(s Sample) float64   { return s.BytesPerOp }
func opsPerSec(s Sample) float64    { return s.OpsPerSec }
func opsPerCPUSec(s Sample) float64 { return s.OpsPerCPUSec }
func p50(s Sample) float64          { return s.P50us }
func p99(s Sample) float64          { return s.P99us }
func p999(s Sample) float64         { return s.P999us }
func rss(s Sample) float64          { return float64(s.RSSBytes) }

func idleMs(s Sample) float64 {
	if s.IdleCPUms == nil {
		return 0
	}
	return *s.IdleCPUms
}

// ratio returns the interval of the ratio to the baseline.
func (rw row) ratio() (Interval, bool) { return rw.ratioBy(rw.bench.primary()) }

// ratioBy is the ratio of some figure, of the repetitions that both have done.
func (rw row) ratioBy(of func(Sample) float64) (Interval, bool) {
	theirs := make(map[int]float64)
	for _, s := range rw.base {
		theirs[s.Rep] = of(s)
	}
	var xs, base []float64
	for _, s := range rw.samples {
		if v, ok := theirs[s.Rep]; ok {
			xs, base = append(xs, of(s)), append(base, v)
		}
	}
	return ratioOf(xs, base), len(xs) > 0
}

// spread is how far the repetitions lie apart: the range as a part of the
// median.
func (rw row) spread() float64 {
	vs := values(rw.samples, rw.bench.primary())
	if mid := median(vs); mid > 0 {
		return (quantile(vs, 1) - quantile(vs, 0)) / mid
	}
	return 0
}

// A verdict is what became of a goal.
type verdict struct {
	text string
	ok   bool
}

// verdicts compares the row with its goals. A ratio is held if its interval
// allows it.
func (rw row) verdicts() []verdict {
	var vs []verdict
	if len(rw.samples) == 0 {
		return nil
	}
	add := func(text string, ok bool) {
		if ok {
			text += ": held"
		} else {
			text += ": MISSED"
		}
		vs = append(vs, verdict{text, ok})
	}
	g := rw.impl.Goal
	if g.Ratio > 0 {
		if iv, ok := rw.ratio(); ok {
			add("ratio <= "+short(g.Ratio), iv.Low <= g.Ratio)
		}
	}
	if g.NoAllocs {
		add("no allocations", rw.median(allocsPerOp) == 0)
	}
	if g.Bytes > 0 {
		add("bytes <= "+short(g.Bytes), rw.median(bytesPerOp) <= g.Bytes)
	}
	if g.IdleMsPer > 0 {
		add("idle CPU < "+short(g.IdleMsPer)+" ms/s", rw.median(idleMs) < g.IdleMsPer)
	}
	return vs
}

// Missed lists the goals that were missed.
func (r *Result) Missed() (list []string) {
	for _, b := range r.Benches {
		for _, rw := range r.rows(b) {
			for _, v := range rw.verdicts() {
				if !v.ok {
					list = append(list, b.Name+", "+rw.impl.Name+": "+v.text)
				}
			}
		}
	}
	return list
}
