package wheel

import (
	"math"
	"math/big"
	"sort"
)

// tb is what the helpers here need of a test, a benchmark or a fuzz run.
type tb interface {
	Helper()
	Fatalf(string, ...any)
}

// check proves the invariants that the package comment claims: every entry hangs where the place rule puts
// it, lists are well linked, bitmaps are exact, the count is right.
func (w *Wheel) check(t tb) {
	t.Helper()
	n := 0
	walk := func(head *Entry, visit func(e *Entry)) {
		prev := head
		for e := head.next; e != head; e = e.next {
			if e.prev != prev {
				t.Fatalf("broken back link")
			}
			visit(e)
			prev = e
			n++
		}
		if head.prev != prev {
			t.Fatalf("broken back link of a sentinel")
		}
	}
	if w.hand > w.now || w.over && w.hand != w.now {
		t.Fatalf("hand %x, now %x, over %v", w.hand, w.now, w.over)
	}
	notAfter := func(e *Entry) {
		if tick := w.ceil(e.deadline); tick > w.now {
			t.Fatalf("entry of tick %x counts as due at %x", tick, w.now)
		}
	}
	walk(&w.due, notAfter)
	walk(&w.late, notAfter)
	for i := range w.slot {
		l, s := i/slots, i%slots
		head := &w.slot[i]
		if got := w.occupied[l]>>s&1 == 1; got == head.empty() {
			t.Fatalf("level %d slot %d: bit %v, empty %v", l, s, got, head.empty())
		}
		if head.deadline != int64(i) {
			t.Fatalf("sentinel %d has index %d", i, head.deadline)
		}
		walk(head, func(e *Entry) {
			tick := w.ceil(e.deadline)
			if tick <= w.hand && l > 0 || tick < w.hand {
				t.Fatalf("entry of tick %x behind the hand %x", tick, w.hand)
			}
			el := levelOf(tick, w.hand)
			if es := tick >> (el * digit) % slots; int(el) != l || int(es) != s {
				t.Fatalf("entry of tick %x, hand %x: in %d/%d, want %d/%d", tick, w.hand, l, s, el, es)
			}
		})
	}
	for l, o := range w.occupied {
		if (w.busy>>l&1 == 1) != (o != 0) {
			t.Fatalf("level %d: busy %b, occupied %x", l, w.busy, o)
		}
	}
	if w.busy>>levels != 0 {
		t.Fatalf("busy %b", w.busy)
	}
	if n != w.n {
		t.Fatalf("Len %d, counted %d", w.n, n)
	}
}

// model is the contract in its plainest form: a sorted slice of ranks. It shares no code with the wheel, and
// computes ticks with big integers.
type model struct {
	tick    int64
	at      int64
	seq     int
	over    bool
	live    []rank // sorted
	waiting map[int]bool
}

type rank struct {
	due int64 // effective time: deadline rounded up, or the wheel's time
	seq int   // number of the insert
	id  int
	d   int64 // the deadline itself
}

func newModel(now, tick int64) *model {
	return &model{tick: tick, at: now, over: true, waiting: map[int]bool{}}
}

// round rounds to a multiple of the tick, clamped to int64.
func round(ns, tick int64, up bool) int64 {
	d, r := new(big.Int), new(big.Int)
	d.DivMod(big.NewInt(ns), big.NewInt(tick), r) // Euclidean: d*tick <= ns
	if up && r.Sign() != 0 {
		d.Add(d, big.NewInt(1))
	}
	d.Mul(d, big.NewInt(tick))
	switch {
	case d.IsInt64():
		return d.Int64()
	case d.Sign() > 0:
		return math.MaxInt64
	default:
		return math.MinInt64
	}
}

// time is the effective time of what is inserted late: the last whole tick.
func (m *model) time() int64 {
	if m.at == math.MaxInt64 {
		return m.at
	}
	return round(m.at, m.tick, false)
}

func (m *model) insert(id int, d int64) {
	due := round(d, m.tick, true)
	if now := m.time(); due <= now {
		due = now
		m.waiting[id] = true
	}
	m.seq++
	r := rank{due, m.seq, id, d}
	i := sort.Search(len(m.live), func(i int) bool {
		x := m.live[i]
		return x.due > r.due || x.due == r.due && x.seq > r.seq
	})
	m.live = append(m.live, rank{})
	copy(m.live[i+1:], m.live[i:])
	m.live[i] = r
}

func (m *model) remove(id int) bool {
	for i, r := range m.live {
		if r.id == id {
			m.live = append(m.live[:i], m.live[i+1:]...)
			delete(m.waiting, id)
			return true
		}
	}
	return false
}

// expire returns the id of the entry that Expire must return, or -1.
func (m *model) expire(now int64) int {
	if now < m.at {
		return -1
	}
	for {
		for i, r := range m.live {
			if r.due > m.time() {
				break
			}
			if !m.waiting[r.id] {
				m.live = append(m.live[:i], m.live[i+1:]...)
				return r.id
			}
		}
		if now == m.at && !m.over {
			m.over = true
			return -1
		}
		m.at, m.over = now, false
		clear(m.waiting)
	}
}
