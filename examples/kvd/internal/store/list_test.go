package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestListAgainstSlice(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var l List
		var model []string
		for step := range 3000 {
			s := fmt.Sprint(rng.IntN(10))
			switch op := rng.IntN(100); {
			case op < 30:
				l.PushBack(s)
				model = append(model, s)
			case op < 60:
				l.PushFront(s)
				model = slices.Insert(model, 0, s)
			case op < 75 && len(model) > 0:
				if got := l.PopBack(); got != model[len(model)-1] {
					t.Fatalf("seed %d step %d: popped %s", seed, step, got)
				}
				model = model[:len(model)-1]
			case op < 90 && len(model) > 0:
				if got := l.PopFront(); got != model[0] {
					t.Fatalf("seed %d step %d: popped %s", seed, step, got)
				}
				model = model[1:]
			case op < 94:
				i := rng.IntN(len(model) + 1)
				l.Insert(i, s)
				model = slices.Insert(slices.Clone(model), i, s)
			case op < 96:
				limit, fromBack := rng.IntN(5), rng.IntN(2) == 0
				want := removeFrom(&model, s, limit, fromBack)
				if got := l.Remove([]byte(s), limit, fromBack); got != want {
					t.Fatalf("seed %d step %d: %d removed, want %d", seed, step, got, want)
				}
			case op < 97 && len(model) > 0:
				i := rng.IntN(len(model))
				l.Set(i, s)
				model[i] = s
			case op < 98:
				from := rng.IntN(len(model) + 1)
				n := rng.IntN(len(model) - from + 1)
				if n > len(model)/2 {
					l.Trim(from, n)
					model = model[from : from+n]
				}
			}
			from := rng.IntN(len(model) + 1)
			n := rng.IntN(len(model) - from + 1)
			if l.Len() != len(model) || !slices.Equal(slices.Collect(l.Range(from, n)), model[from:from+n]) {
				t.Fatalf("seed %d step %d: %d elements, want %d", seed, step, l.Len(), len(model))
			}
		}
	}
}

func removeFrom(model *[]string, s string, limit int, fromBack bool) int {
	list := slices.Clone(*model)
	if fromBack {
		slices.Reverse(list)
	}
	n := 0
	list = slices.DeleteFunc(list, func(e string) bool {
		if e != s || n == limit {
			return false
		}
		n++
		return true
	})
	if fromBack {
		slices.Reverse(list)
	}
	*model = list
	return n
}

func TestListGivesMemoryBack(t *testing.T) {
	var l List
	for range 100_000 {
		l.PushBack("x")
	}
	for range 100_000 {
		l.PopFront()
	}
	if n := len(l.chunks.buf); n > 8 || l.chunks.n != 0 {
		t.Errorf("an empty list has room for %d chunks, and %d chunks", n, l.chunks.n)
	}
}

func BenchmarkPushPop(b *testing.B) {
	var l List
	for b.Loop() {
		l.PushBack("x")
		l.PopFront()
	}
}
