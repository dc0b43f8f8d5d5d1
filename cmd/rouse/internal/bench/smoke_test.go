package bench

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// tiny keeps each benchmark well under a second.
const tiny = 0.002

// TestEveryBenchmark runs each the way the command does, in its own processes,
// with next to no work. The benchmarks check their results themselves.
func TestEveryBenchmark(t *testing.T) {
	for _, b := range All {
		t.Run(b.Name, func(t *testing.T) {
			if len(b.present()) == 0 {
				t.Skip("not on this system")
			}
			began := 0
			r := Run(context.Background(), []Benchmark{b}, Options{
				Count: 2, Scale: tiny, CPU: -1, Timeout: time.Minute,
				Begin: func(Sample, int) { began++ },
			})
			for _, f := range r.Failures {
				t.Error(f)
			}
			for _, rw := range r.rows(b) {
				if rw.impl.Run == nil {
					continue
				}
				if len(rw.samples) != 2 {
					t.Fatalf("%s: %d samples; want 2", rw.impl.Name, len(rw.samples))
				}
				for i, s := range rw.samples {
					if s.Rep != i+1 || s.NsPerOp <= 0 || s.AllocsPerOp < 0 || s.Scale != tiny {
						t.Errorf("%s: sample is %+v", rw.impl.Name, s)
					}
				}
			}
			if began < 2*len(b.present()) {
				t.Errorf("Begin was called %d times; want %d at least", began, 2*len(b.present()))
			}
			place := r.Free
			if b.Runs.bound() {
				place = r.Bound
			}
			if place == nil {
				t.Fatal("nobody said where the work was done")
			}
			if b.Runs.bound() && canStart && (place.GOMAXPROCS != 1 || canBind && !place.Bound) {
				t.Errorf("place is %v; want one CPU", place)
			}
			var text strings.Builder
			r.Report(&text)
			for _, want := range append(b.present(), b.Name, "NOT COMPARABLE") {
				if !strings.Contains(text.String(), want) {
					t.Errorf("the report lacks %q:\n%s", want, &text)
				}
			}
		})
	}
}

// In one process, so that the race detector and the coverage see it.
func TestWorkInPlace(t *testing.T) {
	t.Cleanup(func() { // other processes keep it to their end
		if data.dataFile != nil {
			data.file.Close()
			data.dataFile = nil
		}
	})
	for _, b := range All {
		t.Run(b.Name, func(t *testing.T) {
			j := job{Bench: b.Name, Impls: b.present(), First: 3, Count: 1, Warm: b.Runs == OneCPU, Scale: tiny}
			samples := 0
			j.work(func(m message) {
				if m.Error != "" {
					t.Error(m.Error)
				}
				if m.Sample != nil {
					samples++
					if m.Sample.Rep != 3 {
						t.Errorf("repetition %d; want 3", m.Sample.Rep)
					}
				}
			})
			if samples != len(j.Impls) {
				t.Errorf("%d samples; want %d", samples, len(j.Impls))
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Run("wrong result", func(t *testing.T) {
		if err := same("the sum", 1, 2); err == nil || err.Error() != "wrong result: the sum is 1; want 2" {
			t.Error(err)
		}
	})
	t.Run("measured nothing", func(t *testing.T) {
		j := job{Scale: 1}
		_, err := j.measure(Benchmark{Name: "b", Size: 1}, Impl{Name: "i", Run: func(*Meter) error { return nil }}, 1, 1)
		if err == nil {
			t.Error("no error")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		said := ""
		(&job{Bench: "nonesuch", Count: 1, Scale: 1}).work(func(m message) { said += m.Error })
		if !strings.Contains(said, "nonesuch") {
			t.Errorf("said %q", said)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		if !canStart {
			t.Skip("needs processes")
		}
		// The whole of the work can't be done in a millisecond.
		r := Run(context.Background(), []Benchmark{yield1000}, Options{Count: 1, Scale: 1, CPU: -1, Timeout: time.Millisecond})
		if len(r.Failures) != len(r.jobs(yield1000)) {
			t.Errorf("failures are %v; want one of each process", r.Failures)
		}
		for _, f := range r.Failures {
			if !strings.Contains(f.Err, "no answer") {
				t.Errorf("failure is %v", f)
			}
		}
	})
}

func TestInterrupted(t *testing.T) {
	if !canStart {
		t.Skip("needs processes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := Run(ctx, []Benchmark{pingpong, wakeIdle}, Options{
		Count: 100, Scale: 0.05, CPU: -1, Timeout: time.Minute,
		Sample: func(s Sample) {
			if s.Rep == 2 {
				cancel()
			}
		},
	})
	if !r.Interrupted || len(r.Failures) > 0 {
		t.Errorf("interrupted %v, failures %v", r.Interrupted, r.Failures)
	}
	if len(r.Samples) < 4 || len(r.Samples) > 20 {
		t.Errorf("%d samples", len(r.Samples))
	}
	var text strings.Builder
	r.Report(&text)
	for _, want := range []string{"INTERRUPTED", "INCOMPLETE: ", "no result"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &text)
		}
	}
}

// The line of bench.md, to the letter.
func TestJSONFormat(t *testing.T) {
	zero := 0.0
	for _, c := range []struct {
		s    Sample
		want string
	}{
		{Sample{Bench: "pingpong", Impl: "task", NsPerOp: 61.2, Rep: 1},
			`{"bench":"pingpong","impl":"task","ns_per_op":61.2,"allocs_per_op":0,"bytes_per_op":0,"rep":1}`},
		{Sample{Bench: "b", Impl: "i", Rep: 2, OpsPerCPUSec: 1, P50us: 2, P99us: 3, P999us: 4, RSSBytes: 5, IdleCPUms: &zero, Scale: 0.5},
			`{"bench":"b","impl":"i","ns_per_op":0,"allocs_per_op":0,"bytes_per_op":0,"rep":2,"ops_per_cpu_s":1,"p50_us":2,"p99_us":3,"p999_us":4,"rss_bytes":5,"idle_cpu_ms_per_s":0,"scale":0.5}`},
	} {
		got, err := json.Marshal(c.s)
		if err != nil || string(got) != c.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
		}
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]float64{61.23456: 61.2346, 0.00004: 0, 0.00006: 0.0001, 0: 0} {
		if got := round(v); got != want {
			t.Errorf("round(%v) = %v; want %v", v, got, want)
		}
	}
}
