package bench

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Report writes the result for people.
func (r *Result) Report(w io.Writer) {
	r.head(w)
	for _, b := range r.Benches {
		r.table(w, b)
	}
	r.foot(w)
}

func (r *Result) head(w io.Writer) {
	m := r.Machine
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-9s %s\n", key, value)
		}
	}
	machine := m.Target + ", " + strconv.Itoa(m.CPUs) + " CPUs"
	if m.CPU != "" {
		machine = m.CPU + ", " + machine
	}
	if m.Memory != "" {
		machine += ", " + m.Memory
	}
	line("machine", machine)
	line("kernel", m.Kernel)
	line("go", m.Go)
	if r.Bound != nil {
		line("place", r.Bound.String()+": "+r.namesOf(true))
	}
	if r.Free != nil {
		line("place", r.Free.String()+": "+r.namesOf(false))
	}
	line("method", "implementations take turns in one run; a ratio is the median of the paired ratios to the row with ratio 1, "+
		"which is "+baseline+", of what is not bound "+baseline+allCPUs+", or what the benchmark names [95% bootstrap interval]; cpu is how much of the time the process had its CPU: where that is low, look at the figures by CPU time")
	line("spread", r.spread())
	if r.Options.Scale != 1 {
		line("scale", short(r.Options.Scale)+" of the work: SHORTENED, NOT COMPARABLE with other runs; goals are not judged")
	}
	if r.Options.Profile != "" {
		line("profile", "a profiler was running: NOT COMPARABLE with other runs")
	}
	if r.Interrupted {
		line("state", "INTERRUPTED: what follows is incomplete")
	}
}

func (r *Result) namesOf(bound bool) string {
	var bs []Benchmark
	for _, b := range r.Benches {
		if len(b.presentWhere(bound)) > 0 {
			bs = append(bs, b)
		}
	}
	return Names(bs)
}

// spread sums up how far repetitions lay apart, and where the most.
func (r *Result) spread() string {
	var all []float64
	worst, where := -1.0, ""
	for _, b := range r.Benches {
		for _, rw := range r.rows(b) {
			if len(rw.samples) < 2 {
				continue
			}
			s := rw.spread()
			all = append(all, s)
			if s > worst {
				worst, where = s, b.Name+" "+rw.impl.Name
			}
		}
	}
	if len(all) == 0 {
		return "not known from one repetition"
	}
	return fmt.Sprintf("(max-min)/median of the rows: median %.0f%%, worst %.0f%% (%s)", 100*median(all), 100*worst, where)
}

func (r *Result) table(w io.Writer, b Benchmark) {
	fmt.Fprintf(w, "\n%s: %s\n  one operation: %s\n", b.Name, b.Work, b.Op)
	rows := r.rows(b)
	figures(w, b, rows)
	for _, rw := range rows {
		r.remarks(w, rw)
	}
}

// figures writes the columns of the rows that have any.
func figures(w io.Writer, b Benchmark, rows []row) {
	if !slices.ContainsFunc(rows, func(rw row) bool { return len(rw.samples) > 0 }) {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "  \tns/op\tmin\tmax\tcpu\tallocs/op\tbytes/op\tratio\t[95%]\treps\t")
	for _, rw := range rows {
		if len(rw.samples) == 0 {
			continue
		}
		vs := values(rw.samples, nsPerOp)
		ratio, interval := "1", ""
		if rw.impl.Name != b.base(rw.impl) {
			ratio = "-"
			if iv, ok := rw.ratio(); ok {
				ratio = fmt.Sprintf("%.3f", iv.Mid)
				interval = fmt.Sprintf("[%.3f, %.3f]", iv.Low, iv.High)
			}
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t\n", rw.impl.Name,
			short(median(vs)), short(quantile(vs, 0)), short(quantile(vs, 1)), rw.cpuShare(),
			short(rw.median(allocsPerOp)), short(rw.median(bytesPerOp)), ratio, interval, len(rw.samples))
	}
	tw.Flush()
}

// cpuShare is CPU time by wall time: below 100% on one CPU somebody else ran.
func (rw row) cpuShare() string {
	cpu, wall := rw.median(cpuNsPerOp), rw.median(nsPerOp)
	if cpu == 0 || wall == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*cpu/wall)
}

// remarks writes what does not fit into columns.
func (r *Result) remarks(w io.Writer, rw row) {
	var parts []string
	switch {
	case rw.impl.Run == nil:
		parts = append(parts, "absent: "+rw.impl.Absent)
	case len(rw.samples) == 0:
		parts = append(parts, "no result")
	default:
		parts = append(parts, rw.impl.How)
	}
	if v := rw.median(cpuNsPerOp); v > 0 && rw.bench.Runs == OneCPU && !rw.impl.AllCPUs {
		text := "by CPU time " + short(v) + " ns"
		if iv, ok := rw.ratioBy(cpuNsPerOp); ok {
			text += fmt.Sprintf(", ratio %.3f [%.3f, %.3f]", iv.Mid, iv.Low, iv.High)
		}
		parts = append(parts, text)
	}
	if n := len(rw.samples); n < rw.want && rw.impl.Run != nil {
		parts = append(parts, fmt.Sprintf("INCOMPLETE: %d of %d repetitions", n, rw.want))
	}
	if v := rw.median(rss); v > 0 {
		parts = append(parts, "RSS grew by "+short(v/(1<<20))+" MiB")
	}
	if len(rw.samples) > 0 && rw.samples[0].IdleCPUms != nil {
		parts = append(parts, short(rw.median(bytesPerOp))+" bytes of heap per idle connection",
			short(rw.median(idleMs))+" ms of CPU per idle second")
	}
	if v := rw.median(opsPerSec); v > 0 {
		parts = append(parts, fmt.Sprintf("%.0f per second, %.0f per CPU second", v, rw.median(opsPerCPUSec)))
	}
	if v := rw.median(p50); v > 0 {
		parts = append(parts, fmt.Sprintf("p50 %s us, p99 %s us, p99.9 %s us", short(v), short(rw.median(p99)), short(rw.median(p999))))
	}
	if r.Options.Scale == 1 {
		for _, v := range rw.verdicts() {
			parts = append(parts, v.text)
		}
	}
	fmt.Fprintf(w, "  %s: %s\n", rw.impl.Name, strings.Join(parts, "; "))
}

func (r *Result) foot(w io.Writer) {
	if len(r.Failures) > 0 {
		fmt.Fprintln(w, "\nFAILED")
		for _, f := range r.Failures {
			fmt.Fprintln(w, "  "+f.String())
		}
	}
	if r.Interrupted {
		fmt.Fprintln(w, "\nINTERRUPTED: the tables above hold what was measured until then")
	}
}

// short writes a figure with about three digits.
func short(v float64) string {
	digits := 3
	switch {
	case v >= 100:
		digits = 0
	case v >= 10:
		digits = 1
	case v < 0.01:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
