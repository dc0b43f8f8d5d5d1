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
