package spsc_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/rouse-go/rouse/internal/spsc"
)

// Full is full at each capacity, at each place of the ring, and room is where an
// element was taken, many times round.
func TestConformance_128_WrapAndFull(t *testing.T) {
	for capacity := 1; capacity <= 9; capacity++ {
		for start := range 2 * capacity {
			r := spsc.New[int](capacity)
			for i := range start { // shifts where the ring begins
				r.Push(i)
				r.Pop()
			}
			r.Pop() // finds nothing, and makes all the room known
			next, want := 0, 0
			for range 5 {
				for range capacity {
					if !r.Push(next) {
						t.Fatalf("capacity %d, begun at %d: full with %d", capacity, start, next-want)
					}
					next++
				}
				if r.Push(-1) || r.PushMany([]int{-1, -2}) != 0 || r.Cap() != capacity {
					t.Fatalf("capacity %d, begun at %d: more than that fit", capacity, start)
				}
				for range capacity {
					if v, ok, _ := r.Pop(); v != want || !ok {
						t.Fatalf("capacity %d, begun at %d: got %d, %v; want %d", capacity, start, v, ok, want)
					}
					want++
				}
				if _, ok, _ := r.Pop(); ok || !r.Empty() {
					t.Fatalf("capacity %d, begun at %d: more came out than went in", capacity, start)
				}
			}
			vs := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
			got := make([]int, 20)
			if n := r.PushMany(vs); n != capacity {
				t.Fatalf("capacity %d: PushMany put in %d", capacity, n)
			}
			if n, _ := r.PopMany(got); !slices.Equal(got[:n], vs[:capacity]) {
				t.Fatalf("capacity %d: PopMany took %v", capacity, got[:n])
			}
		}
	}
}

// What was taken the ring does not keep, and what is in a ring that nobody has
// any more goes with it: each element is let go of once it is out of both hands.
func TestConformance_128_KeepsNothing(t *testing.T) {
	type big [1 << 10]byte
	var all []weak.Pointer[big]
	push := func(r *spsc.Ring[*big], n int) {
		for range n {
			v := new(big)
			all = append(all, weak.Make(v))
			if !r.Push(v) {
				t.Fatal("full")
			}
		}
	}
	gone := func(from, to int) bool {
		runtime.GC()
		return !slices.ContainsFunc(all[from:to], func(p weak.Pointer[big]) bool { return p.Value() != nil })
	}
	within := func(what string, cond func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !cond(); runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	r := spsc.New[*big](8)
	push(r, 8)
	for range 3 {
		r.Pop()
	}
	r.PopMany(make([]*big, 2))
	within("the ring keeps what was taken", func() bool { return gone(0, 5) })
	if slices.ContainsFunc(all[5:], func(p weak.Pointer[big]) bool { return p.Value() == nil }) {
		t.Fatal("an element in the ring was collected")
	}
	push(r, 4) // across the end of the buffer
	r.Close()
	if r.Leave() || !r.Gone() || r.Drained() {
		t.Error("a ring that its consumer left, with elements in it")
	}
	runtime.KeepAlive(r)
	r = nil
	within("a ring that nobody has keeps its elements", func() bool { return gone(5, len(all)) })
}

// A side that ends while the other waits says so: whoever waits is woken once.
func TestConformance_128_EndsWhileOneWaits(t *testing.T) {
	r := spsc.New[int](2)
	for r.Push(0) {
	}
	if r.AskRoom() {
		t.Fatal("there is room in a full ring")
	}
	if !r.Leave() {
		t.Error("the consumer left, and the producer that waits is not to be woken")
	}
	if r.Leave() {
		t.Error("to be woken twice")
	}
	if !r.AskRoom() || !r.Spacious() {
		t.Error("a producer waits for a consumer that is gone")
	}
	r = spsc.New[int](2)
	r.Push(7)
	if r.Close(); r.Drained() {
		t.Error("drained with an element in it")
	}
	if v, ok, _ := r.Pop(); v != 7 || !ok || !r.Drained() {
		t.Error("what was put in before Close is lost")
	}
}
