package main

import (
	"math/rand/v2"
	"time"

	"github.com/rouse-go/rouse/internal/faults"
)

// A plan says how much there is of everything.
type plan struct {
	real     bool // more than one goroutine, files, and a clock that goes by itself
	sites    int
	pooled   bool // the sites are an executor.Pool
	roots    int  // scripts that each site begins with
	visitors int  // plain goroutines
	steps    int  // of a script, at most
	deep     int  // levels of children
	patience time.Duration
	abrupt   time.Duration // stop everything after that; 0: let it end
	straggle time.Duration // between the stops of two sites
	rough    bool          // the drivers make faults
	faults   faults.Plan   // which, but for the seed
}

func newPlan(rng *rand.Rand, real bool) plan {
	p := plan{sites: 1, roots: 1 + rng.IntN(30), steps: 1 + rng.IntN(12), deep: rng.IntN(4), patience: time.Second}
	if real {
		p.real, p.sites, p.visitors = true, 1+rng.IntN(3), rng.IntN(4)
		p.roots = 1 + rng.IntN(12)
		p.patience = time.Duration(1 + rng.Int64N(int64(8*time.Millisecond)))
		p.pooled = rng.IntN(4) == 0
		if rng.IntN(4) == 0 {
			p.abrupt = time.Duration(1 + rng.Int64N(int64(20*time.Millisecond)))
			p.straggle = time.Duration(rng.Int64N(int64(2 * time.Millisecond)))
		}
	}
	if rng.IntN(3) == 0 {
		p.rough, p.faults = true, newFaults(rng)
	}
	return p
}

// newFaults returns which faults the drivers of a program make, and how often.
func newFaults(rng *rand.Rand) (p faults.Plan) {
	for _, odds := range []*float64{&p.Short, &p.Late, &p.Swap} {
		if rng.IntN(3) > 0 {
			*odds = rng.Float64() * 0.6
		}
	}
	if rng.IntN(3) > 0 {
		p.Fail, p.Stay = rng.Float64()*0.2, rng.IntN(2) == 0
	}
	return p
}
