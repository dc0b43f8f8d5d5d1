package executor

import (
	"runtime"
	"sync"
)

// procs is a pool's hold on GOMAXPROCS.
type procs struct{ held bool }

// raised is what all pools of the process have done to GOMAXPROCS. Only the
// first raises it from what it was, and the last one to go puts that back.
var raised struct {
	sync.Mutex
	pools  int
	before int
	to     int
}

// procsFor returns the places that n executors need: one each; besides them the
// quarter of all that the collector takes while it marks, and one for other
// goroutines.
func procsFor(n int) int { return n + n/3 + 1 }

// raise raises GOMAXPROCS to want, or if that is 0 to what n executors need.
func (p *procs) raise(want, n int) {
	switch {
	case want < 0:
		return
	case want == 0:
		want = procsFor(n)
	}
	raised.Lock()
	defer raised.Unlock()
	p.held = true
	now := runtime.GOMAXPROCS(0)
	if raised.pools == 0 {
		raised.before, raised.to = now, now
	}
	raised.pools++
	if want > now {
		runtime.GOMAXPROCS(want)
		raised.to = want
	}
}

// restore undoes raise. What somebody else has set meanwhile stays.
func (p *procs) restore() {
	if !p.held {
		return
	}
	raised.Lock()
	defer raised.Unlock()
	raised.pools--
	if raised.pools == 0 && raised.to != raised.before && runtime.GOMAXPROCS(0) == raised.to {
		runtime.GOMAXPROCS(raised.before)
	}
}
