package mpmc

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fifo is what Ring and Queue have in common.
type fifo struct {
	push func(int) bool
	pop  func() (int, bool)
}

func fifos() map[string]func() fifo {
	m := make(map[string]func() fifo)
	for _, capacity := range []int{1, 2, 3, 64, 1000} {
		m[fmt.Sprintf("ring%d", capacity)] = func() fifo {
			r := NewRing[int](capacity)
			return fifo{r.Push, r.Pop}
		}
	}
	for _, room := range []int{1, 64} {
		m[fmt.Sprintf("queue%d", room)] = func() fifo {
			q := NewQueue[int](room)
			return fifo{func(v int) bool { q.Push(v); return true }, q.Pop}
		}
	}
	return m
}

// Producers push numbers in their own order; each number must come out once, and
// no consumer may see a producer's numbers out of order. The bound on time is
// the test's only clock.
func TestStress(t *testing.T) {
	each := 200_000
	if testing.Short() {
		each = 20_000
	}
	for name, make := range fifos() {
		for _, p := range []struct{ producers, consumers int }{{1, 1}, {4, 4}, {7, 1}, {1, 7}} {
			t.Run(fmt.Sprintf("%s/%dto%d", name, p.producers, p.consumers), func(t *testing.T) {
				stress(t, make(), p.producers, p.consumers, each/p.producers)
			})
		}
	}
}

func stress(t *testing.T, f fifo, producers, consumers, each int) {
	total := int64(producers * each)
	deadline := time.Now().Add(2 * time.Minute)
	var late atomic.Bool
	wait := func() { // full or empty
		runtime.Gosched()
		if time.Now().After(deadline) {
			late.Store(true)
		}
	}
	var popped, sum atomic.Int64
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				for !f.push(p*each + i) {
					if wait(); late.Load() {
						return
					}
				}
			}
		})
	}
	for range consumers {
		wg.Go(func() {
			last := make([]int, producers)
			for i := range last {
				last[i] = -1
			}
			for popped.Load() < total && !late.Load() {
				v, ok := f.pop()
				if !ok {
					wait()
					continue
				}
				popped.Add(1)
				sum.Add(int64(v))
				if p, i := v/each, v%each; i <= last[p] {
					t.Errorf("producer %d: number %d after %d", p, i, last[p])
				} else {
					last[p] = i
				}
			}
		})
	}
	wg.Wait()
	if late.Load() {
		t.Fatalf("not done in time: %d of %d popped", popped.Load(), total)
	}
	if want := total * (total - 1) / 2; popped.Load() != total || sum.Load() != want {
		t.Errorf("popped %d with sum %d; want %d with sum %d", popped.Load(), sum.Load(), total, want)
	}
	if v, ok := f.pop(); ok {
		t.Errorf("%d is left", v)
	}
}

// Close against pushes: what was pushed comes out, and nothing else; Drained is
// true when all of it has, and not before.
func TestStressClose(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for range rounds {
		r := NewRing[int](3)
		var pushed, popped atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for i := 0; !r.Closed(); i++ {
					if r.Push(1) {
						pushed.Add(1)
					} else {
						runtime.Gosched()
					}
				}
			})
			wg.Go(func() {
				for !r.Drained() {
					if _, ok := r.Pop(); ok {
						popped.Add(1)
					} else {
						runtime.Gosched()
					}
				}
				if r.Ready() {
					t.Error("ready after drained")
				}
			})
		}
		for popped.Load() < 4 {
			runtime.Gosched()
		}
		r.Close()
		wg.Wait()
		if pushed.Load() != popped.Load() {
			t.Fatalf("pushed %d, popped %d", pushed.Load(), popped.Load())
		}
	}
}
