package bench

import (
	"math/rand/v2"
	"slices"
)

// median of the values; 0 of none.
func median(vs []float64) float64 { return quantile(vs, 0.5) }

// quantile interpolates between the two nearest values; 0 of none.
func quantile(vs []float64, q float64) float64 {
	if len(vs) == 0 {
		return 0
	}
	return sortedQuantile(slices.Sorted(slices.Values(vs)), q)
}

func sortedQuantile(s []float64, q float64) float64 {
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// An Interval is an estimate and where it lies with 95% confidence.
type Interval struct{ Mid, Low, High float64 }

// resamples is enough for the ends of the interval to be stable to the third
// digit; seed is fixed, so that the same lines give the same report.
const (
	resamples = 10_000
	seed      = 0x726f757365
)

// ratioOf returns the median of the paired ratios, xs[i] to base[i], which were
// measured one after the other, with the percentile bootstrap interval of that
// median (Efron 1979). Both must have the same length.
func ratioOf(xs, base []float64) Interval {
	ratios := make([]float64, 0, len(xs))
	for i, x := range xs {
		if base[i] > 0 {
			ratios = append(ratios, x/base[i])
		}
	}
	return bootstrap(ratios)
}

// bootstrap returns the median of vs and its interval.
func bootstrap(vs []float64) Interval {
	if len(vs) == 0 {
		return Interval{}
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	medians := make([]float64, resamples)
	draw := make([]float64, len(vs))
	for i := range medians {
		for k := range draw {
			draw[k] = vs[rng.IntN(len(vs))]
		}
		slices.Sort(draw)
		medians[i] = sortedQuantile(draw, 0.5)
	}
	slices.Sort(medians)
	return Interval{
		Mid:  median(vs),
		Low:  sortedQuantile(medians, 0.025),
		High: sortedQuantile(medians, 0.975),
	}
}
