package spmc

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Workers that push, pop and steal from each other: every element is taken once.
// The elements are plain memory, so the race detector looks on. Who has pushed his
// last takes nothing from his own queue until he has stolen, so somebody has to,
// even where they run one after the other.
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
				pops := round * 5 % 40
				if next == each && steals == 0 {
					pops = 0
				}
				for range pops {
					if e, ok := q.Pop(); ok {
						take(e)
					}
				}
				e, ok := qs[(id+1+round%(workers-1))%workers].Steal(q)
				if ok {
					steals++
				} else if next == each && steals > 0 {
					e, ok = q.Pop()
				}
				if ok {
					take(e)
				} else if next == each {
					runtime.Gosched()
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
	if stolen.Load() == 0 {
		t.Error("nothing was stolen")
	}
	t.Logf("%d elements, %d steals", workers*each, stolen.Load())
}
