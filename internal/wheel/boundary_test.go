package wheel

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"
)

// TestConformance_120_LevelBoundaries puts one entry on each side of each boundary of each level, from starts
// on each side of boundaries, and looks one nanosecond before and at its tick.
func TestConformance_120_LevelBoundaries(t *testing.T) {
	for _, tick := range []int64{1, 7, ms, int64(time.Second)} {
		points := []int64{0, 1, -1}
		for b := uint(digit); b < 63; b += digit {
			for _, mul := range []int64{1, 2, 63} {
				hi, k := bits.Mul64(uint64(mul)<<b, uint64(tick))
				if mul<<b>>b != mul || hi != 0 || k > math.MaxInt64/2 {
					continue
				}
				for _, off := range []int64{-tick, -1, 0, 1, tick} {
					points = append(points, int64(k)+off, -int64(k)+off)
				}
			}
		}
		for _, start := range points {
			for _, d := range points {
				due := round(d, tick, true)
				one(t, start, tick, d, due)
				one(t, start, tick, add(start, d), round(add(start, d), tick, true))
			}
		}
	}
}

// one arms a single entry and checks all that is promised of it.
func one(t *testing.T, start, tick, d, due int64) {
	t.Helper()
	w := reuse(start, tick)
	var e Entry
	w.Insert(&e, d)
	due = max(due, start)
	if got, ok := w.Next(); !ok || got != due {
		t.Fatalf("start %d tick %d deadline %d: Next %d %v, want %d", start, tick, d, got, ok, due)
	}
	if due > start {
		if w.Expire(due-1) != nil {
			t.Fatalf("start %d tick %d deadline %d: early at %d", start, tick, d, due-1)
		}
		if got, ok := w.Next(); !ok || got != due {
			t.Fatalf("start %d tick %d deadline %d: Next %d before, want %d", start, tick, d, got, due)
		}
	}
	if w.Expire(due) != &e || w.Expire(due) != nil || w.Len() != 0 {
		t.Fatalf("start %d tick %d deadline %d: not on time at %d", start, tick, d, due)
	}
}

var shared *Wheel

// reuse is New without clearing 17 KB: an empty wheel has nothing but its clock.
func reuse(start, tick int64) *Wheel {
	if shared == nil || shared.n != 0 || shared.busy != 0 {
		shared = New(start, tick)
	}
	w := shared
	w.scale = newScale(tick)
	w.at, w.now, w.over = start, w.floor(start), true
	w.hand = w.now
	return w
}

// TestConformance_120_TickByTick crosses the low boundaries one tick at a time with an entry on every tick,
// as tokio's delayed_sleep_wrapping_level_0 does.
func TestConformance_120_TickByTick(t *testing.T) {
	for _, start := range []int64{0, 1, 63, 64, -1, -64, -65, 4095, 1<<18 - 70, -1 << 18} {
		w := New(start, 1)
		es := make([]Entry, 9000)
		for i := range es {
			w.Insert(&es[i], start+int64(len(es)-i))
		}
		for now := start + 1; now <= start+int64(len(es)); now++ {
			if d, ok := w.Next(); !ok || d > now {
				t.Fatalf("Next %d %v at %d", d, ok, now)
			}
			want(t, pass(w, now), now)
		}
		if w.Len() != 0 {
			t.Fatal("entries left")
		}
	}
}

func TestConformance_120_ZeroPastMax(t *testing.T) {
	for _, tick := range []int64{1, 3, ms, int64(time.Second), math.MaxInt64} {
		for _, start := range []int64{math.MinInt64, -1, 0, 1, 12345, math.MaxInt64 - 1, math.MaxInt64} {
			w := New(start, tick)
			var zero, past, now, last Entry
			w.Insert(&last, math.MaxInt64)
			w.Insert(&zero, 0)
			w.Insert(&past, math.MinInt64)
			w.Insert(&now, start)
			w.check(t)
			if start < math.MaxInt64 {
				fired := pass(w, start)
				// From the very first instant, the past is in the tick that has begun: it waits for its end.
				pastLeft := past.Active() && start > math.MinInt64
				if start < 0 && !zero.Active() || !last.Active() || pastLeft {
					t.Fatalf("start %d tick %d: fired %v", start, tick, fired)
				}
				for range 4 { // nothing but the end of time may reach the last one
					pass(w, math.MaxInt64-1)
				}
				if !last.Active() {
					t.Fatalf("start %d tick %d: max fired early", start, tick)
				}
				if d, ok := w.Next(); d != math.MaxInt64 || !ok {
					t.Fatalf("start %d tick %d: Next %d %v", start, tick, d, ok)
				}
			}
			pass(w, math.MaxInt64)
			if w.Len() != 0 || last.Active() {
				t.Fatalf("start %d tick %d: %d left at the end of time", start, tick, w.Len())
			}
			w.Insert(&last, math.MaxInt64) // the end of time goes on
			want(t, pass(w, math.MaxInt64), math.MaxInt64)
		}
	}
}

// TestConformance_120_SleepOnce drives a lone entry by Next alone: one wake-up, however far it is.
func TestConformance_120_SleepOnce(t *testing.T) {
	w := New(77, 1)
	var e Entry
	for d := int64(1); d < math.MaxInt64/2; d = d*2 + 1 {
		w.Insert(&e, w.at+d)
		next, _ := w.Next()
		if next != w.at+d || w.Expire(next) != &e || w.Expire(next) != nil {
			t.Fatalf("%d ns: woke at %d", d, next)
		}
		w = New(77, 1)
	}
}

// TestConformance_120_WakeUpsBounded drives two entries by Next: at most one wake-up a level for each.
func TestConformance_120_WakeUpsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		w := New(0, 1)
		var es [2]Entry
		d := r.Int64() >> r.IntN(62)
		w.Insert(&es[0], d)
		w.Insert(&es[1], add(d, r.Int64N(100)))
		calls := 0
		for next, ok := w.Next(); ok; next, ok = w.Next() {
			pass(w, next)
			calls++
		}
		if calls > 2*levels {
			t.Fatalf("%d wake-ups for two entries at %d", calls, d)
		}
	}
}

// TestConformance_120_JumpIsCheap crosses 250 years of nanosecond ticks; stepping through them would take
// longer than the years.
func TestConformance_120_JumpIsCheap(t *testing.T) {
	begin := time.Now()
	for range 100 {
		w := New(-10*year, 1)
		var es [100]Entry
		for i := range es {
			w.Insert(&es[i], -10*year+int64(i)*2*year+int64(i))
		}
		if got := len(pass(w, 250*year)); got != len(es) {
			t.Fatalf("fired %d", got)
		}
		pass(w, 280*year) // empty
	}
	if d := time.Since(begin); d > 10*time.Second { // it takes milliseconds; generous for -race and slow machines
		t.Fatalf("took %v", d)
	}
}
