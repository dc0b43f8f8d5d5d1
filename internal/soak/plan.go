package main

import (
	"math/rand/v2"
	"time"
)

// A plan says how much there is of everything.
type plan struct {
	real     bool // more than one goroutine, files, and a clock that goes by itself
	sites    int
	roots    int // scripts that each site begins with
	visitors int // plain goroutines
	steps    int // of a script, at most
	deep     int // levels of children
	patience time.Duration
	abrupt   time.Duration // stop everything after that; 0: let it end
}

func newPlan(rng *rand.Rand, real bool) plan {
	p := plan{sites: 1, roots: 1 + rng.IntN(30), steps: 1 + rng.IntN(12), deep: rng.IntN(4), patience: time.Second}
	if real {
		p.real, p.sites, p.visitors = true, 1+rng.IntN(3), rng.IntN(4)
		p.roots = 1 + rng.IntN(12)
		p.patience = time.Duration(1 + rng.Int64N(int64(8*time.Millisecond)))
		if rng.IntN(4) == 0 {
			p.abrupt = time.Duration(1 + rng.Int64N(int64(20*time.Millisecond)))
		}
	}
	return p
}
