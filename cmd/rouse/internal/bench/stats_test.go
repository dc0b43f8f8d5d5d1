package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestQuantiles(t *testing.T) {
	vs := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.5: 3, 1: 5, 0.25: 2, 0.375: 2.5} {
		if got := quantile(vs, q); got != want {
			t.Errorf("quantile %v is %v; want %v", q, got, want)
		}
	}
	if vs[0] != 5 {
		t.Error("the values were sorted in place")
	}
	if got := median([]float64{1, 2, 3, 10}); got != 2.5 {
		t.Errorf("median of four is %v; want 2.5", got)
	}
	if median(nil) != 0 || median([]float64{7}) != 7 {
		t.Error("median of none, or of one")
	}
}

func TestBootstrapKnown(t *testing.T) {
	// All alike: no width.
	if iv := bootstrap([]float64{2, 2, 2}); iv != (Interval{2, 2, 2}) {
		t.Errorf("of equal values: %v", iv)
	}
	if iv := bootstrap(nil); iv != (Interval{}) {
		t.Errorf("of none: %v", iv)
	}
	// The median of 9 draws from 1…9 is at most k if 5 of them are; that has a
	// binomial probability: 0.001 for k=1, 0.030 for k=2. So the lower 2.5% end
	// at 2, and the upper ones begin at 8.
	vs := []float64{9, 1, 8, 2, 7, 3, 6, 4, 5}
	if iv := bootstrap(vs); iv != (Interval{5, 2, 8}) {
		t.Errorf("of 1…9: %v; want 5 [2, 8]", iv)
	}
	if bootstrap(vs) != bootstrap(vs) {
		t.Error("the seed is not fixed")
	}
}

// The interval must hold the true median about 95 times in 100.
func TestBootstrapCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rounds = 200
	held := 0
	for range rounds {
		vs := make([]float64, 15)
		for i := range vs {
			vs[i] = math.Exp(rng.NormFloat64() / 4) // median 1, skewed as times are
		}
		if iv := bootstrap(vs); iv.Low <= 1 && 1 <= iv.High {
			held++
		}
	}
	if held < rounds*88/100 {
		t.Errorf("the interval held the median %d times of %d", held, rounds)
	}
}

func TestRatioIsPaired(t *testing.T) {
	// The machine became ten times slower in the middle; the ratio did not.
	rw := row{bench: pingpong, impl: Impl{Name: "task"}}
	for rep, base := range []float64{100, 101, 99, 1000, 1010, 990} {
		rw.samples = append(rw.samples, Sample{Rep: rep + 1, NsPerOp: base / 4})
		rw.base = append(rw.base, Sample{Rep: rep + 1, NsPerOp: base})
	}
	rw.base = rw.base[1:] // and one has no partner
	if iv, ok := rw.ratio(); !ok || iv != (Interval{0.25, 0.25, 0.25}) {
		t.Errorf("ratio is %v, %v; want 0.25 everywhere", iv, ok)
	}
	if _, ok := (row{bench: pingpong}).ratio(); ok {
		t.Error("a ratio of nothing")
	}
}

func TestVerdicts(t *testing.T) {
	rw := row{bench: pingpong, impl: Impl{Goal: Goal{Ratio: 0.33, NoAllocs: true, Bytes: 10, IdleMsPer: 5}}}
	idle := 6.0
	for rep := range 9 {
		rw.samples = append(rw.samples, Sample{Rep: rep, NsPerOp: 30, AllocsPerOp: 0, BytesPerOp: 11, IdleCPUms: &idle})
		rw.base = append(rw.base, Sample{Rep: rep, NsPerOp: 100})
	}
	want := []verdict{{"ratio <= 0.33: held", true}, {"no allocations: held", true}, {"bytes <= 10: MISSED", false}, {"idle CPU < 5 ms/s: MISSED", false}}
	got := rw.verdicts()
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v; want %v", got[i], want[i])
		}
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1234.5: "1234", 12.34: "12.3", 1: "1", 0.25: "0.25", 0.0004: "0.0004"} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q; want %q", v, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	if got := ranges([]int{0, 1, 2, 5, 7, 8}); got != "0-2,5,7-8" {
		t.Error(got)
	}
}
