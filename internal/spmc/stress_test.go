package spmc

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Workers that push, pop and steal from each other: every element is taken once.
// The elements are plain memory, so the race detector looks on.
func TestStress(t *testing.T) {
	const workers = 4
	each := 200_000
	if testing.Short() {
		each = 20_000
	}
	type element struct{ n int }
	var qs [workers]*Queue[*element]
	for i := range qs {
		qs[i] = New[*element](64)
	}
	seen := make([]atomic.Int32, workers*each)
	var left, stolen atomic.Int64
	left.Store(int64(workers * each))
	var wg sync.WaitGroup
	for id, q := range qs {
		wg.Go(func() {
			take := func(e *element) {
				seen[e.n].Add(1)
				e.n = -1
				left.Add(-1)
			}
			next, steals := 0, 0
			for round := 0; left.Load() > 0; round++ {
				for range round * 7 % 90 {
					if next == each || !q.Push(&element{id*each + next}) {
						break
					}
					next++
				}
				for range round * 5 % 40 {
					if e, ok := q.Pop(); ok {
						take(e)
					}
				}
				if e, ok := qs[(id+1+round%(workers-1))%workers].Steal(q); ok {
					take(e)
					steals++
				} else if next == each {
					if e, ok := q.Pop(); ok {
						take(e)
					} else {
						runtime.Gosched()
					}
				}
			}
			stolen.Add(int64(steals))
		})
	}
	wg.Wait()
	for n := range seen {
		if c := seen[n].Load(); c != 1 {
			t.Fatalf("element %d was taken %d times", n, c)
		}
	}
	if stolen.Load() == 0 && runtime.GOARCH != "wasm" { // one thread, which nobody preempts
		t.Error("nothing was stolen")
	}
	t.Logf("%d elements, %d steals", workers*each, stolen.Load())
}
