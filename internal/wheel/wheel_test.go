package wheel

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"
)

const (
	ms   = int64(time.Millisecond)
	year = 365 * 24 * int64(time.Hour)
)

// pass runs one pass and returns the deadlines that came out.
func pass(w *Wheel, now int64) (fired []int64) {
	for e := w.Expire(now); e != nil; e = w.Expire(now) {
		fired = append(fired, e.deadline)
	}
	return fired
}

func want(t *testing.T, got []int64, want ...int64) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("fired %v, want %v", got, want)
	}
}

func mustPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if s, _ := recover().(string); !strings.HasPrefix(s, "rouse: ") || !strings.Contains(s, text) {
			t.Fatalf("panic %q, want rouse: ... %s", s, text)
		}
	}()
	f()
}

func TestEntrySize(t *testing.T) {
	if got := unsafe.Sizeof(Entry{}); got > 24 || bits.UintSize == 32 && got > 16 {
		t.Fatalf("Entry takes %d bytes", got)
	}
}

func TestConformance_118_NotEarlyThenOnTime(t *testing.T) {
	w := New(0, ms)
	var e Entry
	w.Insert(&e, 5*ms+1)
	if d, ok := w.Next(); d != 6*ms || !ok {
		t.Fatalf("Next %d %v", d, ok)
	}
	want(t, pass(w, 5*ms+2)) // passed, but the tick is not over
	want(t, pass(w, 6*ms-1))
	want(t, pass(w, 6*ms), 5*ms+1)
}

func TestConformance_118_TiesInOrderOfInsertAcrossCascades(t *testing.T) {
	w := New(0, 1)
	const when = 1 << 20
	var es [60]Entry
	for i := range es { // inserted from many distances, so at many levels
		w.Insert(&es[i], when)
		if got := w.Expire(when - when>>(i/3)); got != nil {
			t.Fatal("early")
		}
	}
	for i := range es {
		if e := w.Expire(when + 1000); e != &es[i] {
			t.Fatalf("entry %d out of order", i)
		}
	}
}

func TestConformance_118_OrderAcrossAJump(t *testing.T) {
	w := New(-year, 1)
	es := make([]Entry, 5000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range es {
		w.Insert(&es[i], -year+r.Int64N(200*year))
	}
	fired := pass(w, 250*year)
	if len(fired) != len(es) {
		t.Fatalf("fired %d", len(fired))
	}
	for i := 1; i < len(fired); i++ {
		if fired[i-1] > fired[i] {
			t.Fatalf("%d before %d", fired[i-1], fired[i])
		}
	}
}

func TestConformance_118_ClockBackwardsExpiresNothing(t *testing.T) {
	w := New(100*ms, ms)
	var a, b Entry
	w.Insert(&a, 50*ms)
	w.Insert(&b, 110*ms)
	want(t, pass(w, 99*ms))
	want(t, pass(w, 120*ms), 50*ms, 110*ms)
	w.Insert(&b, 115*ms)
	want(t, pass(w, 119*ms))
	if d, _ := w.Next(); d != 120*ms {
		t.Fatalf("Next %d would be ignored", d)
	}
	want(t, pass(w, 120*ms), 115*ms)
}

func TestConformance_119_RearmInsidePass(t *testing.T) {
	for _, again := range []int64{math.MinInt64, 0, 40 * ms, 100 * ms, 100*ms - 1} {
		w := New(0, ms)
		var e Entry
		w.Insert(&e, 40*ms)
		for turn := range 3 { // once a turn, though the clock stands still
			n := 0
			for x := w.Expire(100 * ms); x != nil; x = w.Expire(100 * ms) {
				if n++; n > 1 {
					t.Fatalf("turn %d: re-armed at %d, fired again in the same pass", turn, again)
				}
				w.Insert(x, again)
			}
			if n != 1 {
				t.Fatalf("turn %d: re-armed at %d, fired %d times", turn, again, n)
			}
			if d, ok := w.Next(); d != 100*ms || !ok {
				t.Fatalf("Next %d %v with an entry due", d, ok)
			}
		}
	}
}

func TestConformance_119_RearmPastFutureFired(t *testing.T) {
	w := New(10*ms, ms)
	var e, other Entry
	w.Insert(&e, 20*ms)
	w.Insert(&other, 20*ms)
	w.Remove(&e)
	w.Insert(&e, 5*ms) // earlier, in the past
	want(t, pass(w, 10*ms), 5*ms)
	w.Insert(&e, 20*ms) // fired, then armed again: now behind other
	if x, y := w.Expire(20*ms), w.Expire(20*ms); x != &other || y != &e {
		t.Fatal("wrong order after re-arm")
	}
	w.Insert(&e, math.MaxInt64)
	w.Remove(&e)
	w.Insert(&e, 21*ms)
	want(t, pass(w, 21*ms), 21*ms)
}

func TestConformance_119_RemoveInsidePass(t *testing.T) {
	w := New(0, ms)
	var es [6]Entry
	for i, d := range []int64{1, 1, 1, 70, 5000, 0} {
		w.Insert(&es[i], d*ms)
	}
	var got []int
	now := 10_000 * ms
	for e := w.Expire(now); e != nil; e = w.Expire(now) {
		for i := range es {
			if e == &es[i] {
				got = append(got, i)
			}
		}
		if w.Remove(e) {
			t.Fatal("a fired entry was still active")
		}
		if e == &es[0] { // due in this pass: same list, another slot, another level
			for _, i := range []int{1, 3, 4} {
				if !w.Remove(&es[i]) {
					t.Fatalf("entry %d was not active", i)
				}
			}
		}
		w.check(t)
	}
	if fmt.Sprint(got) != "[5 0 2]" || w.Len() != 0 {
		t.Fatalf("fired %v, %d left", got, w.Len())
	}
}

func TestConformance_119_LateInsertsComeOutNextPassInOrder(t *testing.T) {
	w := New(0, 1)
	var a, b, c, d Entry
	w.Insert(&a, 50)
	if w.Expire(100) != &a {
		t.Fatal("a")
	}
	w.Insert(&b, 90) // in the future of the hand, in the past of the pass
	w.Insert(&c, 60)
	w.Insert(&d, 101)
	if w.Expire(100) != nil {
		t.Fatal("an entry came out in the pass of its insert")
	}
	want(t, pass(w, 200), 90, 60, 101) // both rank as 100, in order of insert
}

func TestConformance_119_PassLeftEarlyGoesOn(t *testing.T) {
	w := New(0, 1)
	var a, b, c, d Entry
	w.Insert(&a, 10)
	w.Insert(&b, 20)
	w.Insert(&c, 150)
	if w.Expire(100) != &a {
		t.Fatal("a")
	}
	w.Insert(&d, 10)
	if w.Expire(200) != &b || w.Expire(200) != &d || w.Expire(200) != &c || w.Expire(200) != nil {
		t.Fatal("order across an open pass")
	}
}

func TestConformance_119_ZeroEntryAndMisuse(t *testing.T) {
	w := New(0, ms)
	var e Entry
	if e.Active() || w.Remove(&e) || e.Deadline() != 0 {
		t.Fatal("zero entry")
	}
	for _, d := range []int64{0, ms, 1000 * ms} { // late, low, high
		w.Insert(&e, d)
		mustPanic(t, "Remove first", func() { w.Insert(&e, ms) })
		w.check(t)
		if w.Len() != 1 || !w.Remove(&e) || w.Remove(&e) || w.Len() != 0 {
			t.Fatal("Remove")
		}
	}
	mustPanic(t, "tick of 0 ns", func() { New(0, 0) })
	mustPanic(t, "tick of -5 ns", func() { New(0, -5) })
}

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

func TestConformance_121_RemovedLeavesNothing(t *testing.T) {
	w := New(0, ms)
	es := make([]Entry, 20000)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range es {
		w.Insert(&es[i], r.Int64()>>r.IntN(63)-ms)
	}
	w.Expire(10 * ms) // leave a pass open: due and late lists are in use
	w.Expire(10 * ms)
	w.Remove(&es[0])
	w.Insert(&es[0], 0)
	for _, i := range r.Perm(len(es)) {
		w.Remove(&es[i])
		if es[i] != (Entry{deadline: es[i].deadline}) {
			t.Fatal("a removed entry still points somewhere")
		}
	}
	w.check(t)
	if _, ok := w.Next(); ok || w.Len() != 0 || w.busy != 0 {
		t.Fatalf("Len %d, busy %b, Next %v", w.Len(), w.busy, ok)
	}
	if w.Expire(math.MaxInt64) != nil {
		t.Fatal("a removed entry fired")
	}
}

func TestZeroAlloc(t *testing.T) {
	w := New(0, ms)
	es := make([]Entry, 1000)
	now := int64(0)
	if n := testing.AllocsPerRun(20, func() {
		for i := range es {
			w.Insert(&es[i], now+int64(i*i*i)*1000-ms)
		}
		for i := 0; i < len(es); i += 3 {
			w.Remove(&es[i])
		}
		w.Next()
		now += int64(len(es)*len(es)*len(es)) * 1000
		for range 2 {
			for e := w.Expire(now); e != nil; e = w.Expire(now) {
			}
		}
	}); n != 0 {
		t.Fatalf("%v allocations a run", n)
	}
	if w.Len() != 0 {
		t.Fatalf("%d left", w.Len())
	}
}
