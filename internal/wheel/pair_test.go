package wheel

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// pair drives a wheel and a model in step.
type pair struct {
	tb
	w  *Wheel
	m  *model
	es []Entry
	op string
}

func newPair(t tb, n int, now, tick int64) *pair {
	return &pair{tb: t, w: New(now, tick), m: newModel(now, tick), es: make([]Entry, n)}
}

func (p *pair) fail(format string, args ...any) {
	p.Helper()
	p.Fatalf("%s (tick %d, at %d): %s", p.op, p.m.tick, p.m.at, fmt.Sprintf(format, args...))
}

// insert re-arms entry id.
func (p *pair) insert(id int, d int64) {
	p.remove(id)
	p.op = fmt.Sprintf("insert %d at %d", id, d)
	p.w.Insert(&p.es[id], d)
	p.m.insert(id, d)
	if e := &p.es[id]; !e.Active() || e.Deadline() != d {
		p.fail("active %v, deadline %d", e.Active(), e.Deadline())
	}
}

func (p *pair) remove(id int) {
	p.op = fmt.Sprintf("remove %d", id)
	was := p.es[id].Active()
	got, want := p.w.Remove(&p.es[id]), p.m.remove(id)
	if got != want || was != want || p.es[id].Active() {
		p.fail("got %v, was active %v, want %v, is active %v", got, was, want, p.es[id].Active())
	}
}

// expire makes one call and returns the id, or -1.
func (p *pair) expire(now int64) int {
	p.op = fmt.Sprintf("expire %d", now)
	e, want := p.w.Expire(now), p.m.expire(now)
	if e == nil {
		if want >= 0 {
			p.fail("got nil, want %d (deadline %d)", want, p.es[want].deadline)
		}
		return -1
	}
	if want < 0 || e != &p.es[want] {
		p.fail("got deadline %d, want id %d", e.deadline, want)
	}
	if e.Active() || e.Deadline() > now {
		p.fail("active %v, deadline %d", e.Active(), e.Deadline())
	}
	return want
}

// next checks Next: never later than the truth, exact where promised, and worth sleeping for.
func (p *pair) next() (int64, bool) {
	p.op = "next"
	got, ok := p.w.Next()
	if p.w.Len() != len(p.m.live) || ok != (p.w.Len() > 0) {
		p.fail("Len %d, ok %v; model has %d", p.w.Len(), ok, len(p.m.live))
	}
	if !ok {
		return 0, false
	}
	first := p.m.live[0]
	want := max(first.due, p.m.at)
	now := p.m.time()
	near := p.m.over && sameBlock(first.due, now, p.m.tick) // within a pass the hand lags behind
	if got > want || got < p.m.at {
		p.fail("got %d, want at most %d", got, want)
	}
	if got != want && (near || len(p.m.live) == 1 || first.due <= now) {
		p.fail("got %d, want exactly %d", got, want)
	}
	return got, true
}

// sameBlock reports whether no multiple of 64 ticks lies between: whether a and b differ at level 0 at most.
func sameBlock(a, b, tick int64) bool {
	block := new(big.Int).Mul(big.NewInt(tick), big.NewInt(64))
	x, y := new(big.Int), new(big.Int)
	x.Div(big.NewInt(a), block)
	y.Div(big.NewInt(b), block)
	return x.Cmp(y) == 0
}

// add is a+b, clamped.
func add(a, b int64) int64 {
	c := a + b
	switch {
	case b >= 0 && c < a:
		return math.MaxInt64
	case b < 0 && c > a:
		return math.MinInt64
	}
	return c
}

// span draws a distance: magnitudes are even over the bits, and often sit next to a boundary of a level.
func span(r *rand.Rand, tick int64, maxBits int) int64 {
	d := int64(r.Uint64() >> 1 >> (63 - r.IntN(maxBits+1)))
	switch r.IntN(4) {
	case 0: // a boundary of a level, in ticks from zero
		if b := uint(r.IntN(maxBits/digit+1)) * digit; bits.Len64(uint64(tick))+int(b) < 63 {
			d = tick << b
		}
		d = add(d, int64(r.IntN(5)-2)*tick)
	case 1: // a few ticks
		d = int64(r.IntN(200)) * tick
	}
	return add(d, int64(r.IntN(3)-1))
}

// TestConformance_118_Model compares the wheel with a sorted slice over random sequences: same entries, same
// order, same moment, at every call.
func TestConformance_118_Model(t *testing.T) {
	seeds, steps := 400, 1500
	if testing.Short() {
		seeds = 60
	}
	ticks := []int64{1, 2, 3, 63, 64, 65, 1000, 999_983, 1_000_000, 1_000_000_000}
	starts := []int64{0, 1, -1, 12345678901, -98765432109, -64_000_000, math.MinInt64, math.MinInt64 + 1}
	for seed := range seeds {
		tick, start := ticks[seed%len(ticks)], starts[seed/len(ticks)%len(starts)]
		t.Run(fmt.Sprintf("seed=%d/tick=%d/start=%d", seed, tick, start), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 118))
			// Small spans crowd the low levels, great ones use them all.
			randomWalk(t, r, start, tick, steps, []int{8, 30, 44, 62}[seed%4])
		})
	}
}

func randomWalk(t *testing.T, r *rand.Rand, start, tick int64, steps, maxBits int) {
	const n = 48
	p := newPair(t, n, start, tick)
	now := start
	deadline := func() int64 {
		switch r.IntN(12) {
		case 0:
			return add(now, -span(r, tick, maxBits)) // past
		case 1:
			return now
		case 2: // a tie with somebody
			return p.es[r.IntN(n)].deadline
		case 3: // on a boundary counted from zero
			return round(add(now, span(r, tick, maxBits)), tick, true)
		case 4:
			return []int64{math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 0, -1, 1}[r.IntN(6)]
		default:
			return add(now, span(r, tick, maxBits))
		}
	}
	for step := range steps {
		switch r.IntN(10) {
		case 0, 1, 2, 3:
			p.insert(r.IntN(n), deadline())
		case 4, 5:
			p.remove(r.IntN(n))
		case 6: // one call, pass left open
			p.expire(now)
		case 7: // sleep as an executor does
			if d, ok := p.next(); ok && d > now && d < math.MaxInt64-1<<40 {
				now = d
			}
			fallthrough
		case 8: // one pass, with a body that inserts and removes
			for calls := 0; ; calls++ {
				id := p.expire(now)
				if id < 0 {
					break
				}
				if calls > 4*n {
					p.fail("the pass does not end")
				}
				switch r.IntN(6) {
				case 0:
					p.insert(id, deadline())
				case 1:
					p.insert(r.IntN(n), deadline())
				case 2:
					p.remove(r.IntN(n))
				case 3:
					p.next()
				}
			}
		default:
			now = add(now, span(r, tick, r.IntN(maxBits)))
			now = min(now, math.MaxInt64-1<<40) // keep some future to test
		}
		p.next()
		if step%8 == 0 { // it visits all 704 slots
			p.w.check(p)
		}
	}
	// The end of time: everything comes out.
	for range 2 {
		for p.expire(math.MaxInt64) >= 0 {
		}
		p.w.check(p)
	}
	if p.w.Len() != 0 {
		p.fail("%d entries left at the end of time", p.w.Len())
	}
}
