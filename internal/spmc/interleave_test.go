//go:build interleave

package spmc

import (
	"fmt"
	"testing"

	"github.com/rouse-go/rouse/internal/interleave"
)

// A run is what the owner does, a letter an operation (p a push, o a pop), and
// how often each thief steals. full says how many elements there are before.
type run struct {
	name     string
	capacity int
	full     int
	owner    string
	thieves  []int
	bound    int
}

// In every schedule each element is taken once or is still there, whoever takes
// several takes them in their order.
func TestModelQueue(t *testing.T) {
	for _, r := range []run{
		{name: "push-pop-steal", capacity: 2, owner: "po", thieves: []int{1}},
		{name: "pop-pop-steal", capacity: 2, full: 2, owner: "oo", thieves: []int{1}},
		{name: "full-push-steal", capacity: 2, full: 2, owner: "pp", thieves: []int{1}},
		{name: "laps-steal", capacity: 2, full: 2, owner: "opop", thieves: []int{1}},
		{name: "one-slot-steal", capacity: 1, full: 1, owner: "pop", thieves: []int{2}, bound: 4},
		{name: "full-push-steal-steal", capacity: 4, full: 4, owner: "pp", thieves: []int{1, 1}, bound: 3},
		{name: "laps-steal-steal", capacity: 2, full: 2, owner: "popop", thieves: []int{2, 2}, bound: 3},
	} {
		c := interleave.Config{Model: "spmc/" + r.name, Preemptions: r.bound}
		interleave.Check(t, c, func(w *interleave.World) { r.check(w) })
	}
}

func (r run) check(w *interleave.World) {
	q := New[int](r.capacity)
	pushed := 0
	for range r.full {
		q.Push(pushed)
		pushed++
	}
	taken := make([][]int, 1+len(r.thieves)) // by the owner, by each thief
	own := make([]*Queue[int], len(r.thieves))
	w.Go("owner", func() {
		for _, op := range r.owner {
			if op == 'p' {
				if q.Push(pushed) {
					pushed++
				}
				continue
			}
			if v, ok := q.Pop(); ok {
				taken[0] = append(taken[0], v)
			}
		}
	})
	for i, times := range r.thieves {
		own[i] = New[int](r.capacity)
		w.Go(fmt.Sprint("thief", i), func() {
			for range times {
				if v, ok := q.Steal(own[i]); ok {
					taken[1+i] = append(taken[1+i], v)
					taken[1+i] = append(taken[1+i], own[i].drain()...)
				}
			}
		})
	}
	w.Finally(func() {
		taken := append(taken, q.drain())
		if q.thief.Load() != 0 {
			w.Failf("a thief is still at work")
		}
		times := make([]int, pushed)
		for _, vs := range taken {
			last := -1
			for _, v := range vs {
				if v <= last {
					w.Failf("out of order: %v", taken)
				}
				last = v
				times[v]++
			}
		}
		for v, n := range times {
			if n != 1 {
				w.Failf("element %d of %d was taken %d times: %v", v, pushed, n, taken)
			}
		}
	})
}
