package spmc

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"unsafe"
	"weak"
)

// drain pops everything that q's owner finds.
func (q *Queue[T]) drain() (all []T) {
	for v, ok := q.Pop(); ok; v, ok = q.Pop() {
		all = append(all, v)
	}
	return all
}

// What one goroutine sees of two queues that steal from each other is two slices
// with a bound.
func TestSlices(t *testing.T) {
	for seed := range 300 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		capacity := 1 << (seed % 4)
		qs := [2]*Queue[int]{New[int](capacity), New[int](capacity)}
		var model [2][]int
		for step := range 1000 {
			i := rng.IntN(2)
			q, m := qs[i], &model[i]
			switch rng.IntN(7) {
			default: // push
				want := len(*m) < capacity
				if ok := q.Push(step); ok != want {
					t.Fatalf("seed %d, step %d: Push: %v with %d of %d", seed, step, ok, len(*m), capacity)
				}
				if want {
					*m = append(*m, step)
				}
			case 3, 4, 5:
				v, ok := q.Pop()
				if ok != (len(*m) > 0) || ok && v != (*m)[0] {
					t.Fatalf("seed %d, step %d: Pop: %d, %v of %v", seed, step, v, ok, *m)
				}
				if ok {
					*m = (*m)[1:]
				}
			case 6:
				to := &model[1-i]
				v, ok := q.Steal(qs[1-i])
				n := min(len(*m)-len(*m)/2, 1+capacity-len(*to))
				if ok != (n > 0) || ok && v != (*m)[0] {
					t.Fatalf("seed %d, step %d: Steal: %d, %v of %v", seed, step, v, ok, *m)
				}
				if ok {
					*to = append(*to, (*m)[1:n]...)
					*m = (*m)[n:]
				}
			}
			for i, q := range qs {
				if q.Ready() != (len(model[i]) > 0) {
					t.Fatalf("seed %d, step %d: Ready: %v with %v", seed, step, q.Ready(), model[i])
				}
			}
		}
		for i, q := range qs {
			if rest := q.drain(); !slices.Equal(rest, model[i]) {
				t.Fatalf("seed %d: in the end %v; want %v", seed, rest, model[i])
			}
		}
	}
}

func TestCapacityIsAPowerOfTwo(t *testing.T) {
	for capacity, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 4, 256: 256, 257: 512} {
		q := New[int](capacity)
		got := 0
		for q.Push(0) {
			got++
		}
		if got != want {
			t.Errorf("New(%d) has room for %d; want %d", capacity, got, want)
		}
	}
}

// While a thief is at work the owner overwrites nothing that may be his, takes
// what is not, and nobody else is told to steal.
func TestThiefAtWork(t *testing.T) {
	q, to := New[int](4), New[int](4)
	for i := range 4 {
		q.Push(i)
	}
	q.thief.Store(q.head.Load() + 1) // a thief comes,
	q.head.Add(2)                    // takes two, and reads them slowly
	if q.Push(4) {
		t.Error("an element was overwritten that a thief is reading")
	}
	if v, ok := q.Pop(); v != 2 || !ok {
		t.Errorf("Pop: %d, %v; want 2", v, ok)
	}
	if q.Push(4) {
		t.Error("an element was overwritten that a thief is reading")
	}
	if v, ok := q.Steal(to); ok || q.Ready() {
		t.Errorf("a second thief took %d; Ready: %v", v, q.Ready())
	}
	q.thief.Store(0)
	if !q.Ready() {
		t.Error("not ready though the thief has gone")
	}
	for i := 4; i < 7; i++ {
		if !q.Push(i) {
			t.Errorf("no room for %d though the thief has gone", i)
		}
	}
	if v, ok := q.Steal(to); v != 3 || !ok {
		t.Errorf("Steal: %d, %v; want 3", v, ok)
	}
	if rest, stolen := q.drain(), to.drain(); !slices.Equal(rest, []int{5, 6}) || !slices.Equal(stolen, []int{4}) {
		t.Errorf("left %v, stolen %v", rest, stolen)
	}
}

func TestNoAllocations(t *testing.T) {
	q, to := New[[4]int](8), New[[4]int](8)
	if n := testing.AllocsPerRun(1000, func() {
		for i := range 10 { // two find it full
			q.Push([4]int{i})
		}
		q.Steal(to)
		q.Steal(to)
		for range 10 {
			q.Pop()
			to.Pop()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What was taken is the collector's, though its slot is still there.
func TestKeepsNothing(t *testing.T) {
	q, to := New[*[64]int](4), New[*[64]int](4)
	var gone []weak.Pointer[[64]int]
	for range 4 {
		v := new([64]int)
		gone = append(gone, weak.Make(v))
		q.Push(v)
	}
	q.Steal(to)
	for _, q := range []*Queue[*[64]int]{q, to} {
		for range 4 {
			q.Pop()
		}
	}
	runtime.GC()
	for i, w := range gone {
		if w.Value() != nil {
			t.Errorf("element %d is kept", i)
		}
	}
	runtime.KeepAlive(q)
	runtime.KeepAlive(to)
}

// What the owner writes, what all write and what nobody writes stand on
// different cache lines, in pairs.
func TestLayout(t *testing.T) {
	var q Queue[int]
	for _, gap := range []struct {
		name string
		n    uintptr
	}{
		{"tail after mask", unsafe.Offsetof(q.tail) - unsafe.Offsetof(q.mask)},
		{"head after room", unsafe.Offsetof(q.head) - unsafe.Offsetof(q.room)},
		{"end after thief", unsafe.Sizeof(q) - unsafe.Offsetof(q.thief)},
	} {
		if gap.n < line {
			t.Errorf("%s: %d bytes", gap.name, gap.n)
		}
	}
}
