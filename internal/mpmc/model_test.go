package mpmc

import (
	"math/rand/v2"
	"testing"
)

// What one goroutine sees of a ring is a slice with a bound.
func TestRingModel(t *testing.T) {
	for seed := range 300 {
		rng := rand.New(rand.NewPCG(uint64(seed), 4))
		capacity := 1 + seed%9
		r := NewRing[int](capacity)
		if seed%2 == 1 {
			r.Loose()
		}
		var model []int
		over := false
		for step := range 400 {
			switch op := rng.IntN(200); {
			case op == 0 && step > 200:
				if first := r.Close(); first == over {
					t.Fatalf("seed %d: Close is first: %v, closed before: %v", seed, first, over)
				}
				over = true
			case op%2 == 0:
				want := !over && len(model) < capacity
				if r.Room() != want {
					t.Fatalf("seed %d: Room %v, want %v", seed, !want, want)
				}
				if ok := r.Push(step); ok != want {
					t.Fatalf("seed %d: Push %v, want %v", seed, ok, want)
				}
				if want {
					model = append(model, step)
				}
			default:
				want := len(model) > 0
				if r.Ready() != want {
					t.Fatalf("seed %d: Ready %v, want %v", seed, !want, want)
				}
				v, ok := r.Pop()
				if ok != want || ok && v != model[0] || !ok && v != 0 {
					t.Fatalf("seed %d: Pop %d, %v; model %v", seed, v, ok, model)
				}
				if want {
					model = model[1:]
				}
			}
			if r.Empty() != (!over && len(model) == 0) || r.Full() != (!over && len(model) == capacity) {
				t.Fatalf("seed %d: Empty %v, Full %v; model %v, closed %v", seed, r.Empty(), r.Full(), model, over)
			}
			if r.Len() != len(model) || r.Cap() != capacity || r.Closed() != over || r.Drained() != (over && len(model) == 0) {
				t.Fatalf("seed %d: Len %d, Cap %d, Closed %v, Drained %v; model %v, closed %v",
					seed, r.Len(), r.Cap(), r.Closed(), r.Drained(), model, over)
			}
		}
	}
}

func TestQueueModel(t *testing.T) {
	for seed := range 100 {
		rng := rand.New(rand.NewPCG(uint64(seed), 5))
		q := NewQueue[int](firstCap)
		var model []int
		lean := 40 + rng.IntN(21) // pushes in a hundred
		for step := range 3000 {
			if rng.IntN(100) < lean {
				q.Push(step)
				model = append(model, step)
			} else {
				want := len(model) > 0
				if q.Ready() != want {
					t.Fatalf("seed %d: Ready %v, want %v", seed, !want, want)
				}
				v, ok := q.Pop()
				if ok != want || ok && v != model[0] {
					t.Fatalf("seed %d: Pop %d, %v; want %v", seed, v, ok, model[:min(1, len(model))])
				}
				if want {
					model = model[1:]
				}
			}
			if q.Len() != len(model) {
				t.Fatalf("seed %d: Len %d, want %d", seed, q.Len(), len(model))
			}
		}
	}
}

func TestRingOfNone(t *testing.T) {
	for _, capacity := range []int{0, -1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewRing(%d) did not panic", capacity)
				}
			}()
			NewRing[int](capacity)
		}()
	}
}
