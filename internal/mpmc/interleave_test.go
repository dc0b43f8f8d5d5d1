//go:build interleave

package mpmc

import (
	"fmt"
	"testing"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Models of the ring and the queue: in every schedule, what the operations
// return is what some order of them, one at a time, would return, in which none
// that ended before another began comes after it.

// An act is an operation in the history of one schedule. One that ended at the
// time at which another began came before it.
type act struct {
	push       bool
	v          int
	ok         bool
	begin, end int
}

type history struct {
	w     *interleave.World
	clock interleave.Clock
	acts  [24]act
	n     int
}

// begin and end keep the books, which is no business of the race detector's.
//
//go:norace
func (h *history) begin(push bool, v int) int {
	now := h.clock.Now()
	h.acts[h.n] = act{push: push, v: v, begin: now}
	h.n++
	return h.n - 1
}

//go:norace
func (h *history) end(i, v int, ok bool) {
	now := h.clock.Tick()
	a := &h.acts[i]
	a.v, a.ok, a.end = v, ok, now
}

func (h *history) push(f fifo, v int) bool {
	i := h.begin(true, v)
	ok := f.push(v)
	h.end(i, v, ok)
	return ok
}

func (h *history) pop(f fifo) bool {
	i := h.begin(false, 0)
	v, ok := f.pop()
	h.end(i, v, ok)
	return ok
}

// check looks for such an order. A pop that found nothing, or a push that found
// no room, while an operation of the other kind was under way, needs no place
// in it: see "What may be seen" in the package comment.
func (h *history) check(before []int, capacity int) {
	var acts []act
	for i := range h.n {
		a := h.acts[i]
		excused := false
		for k := range h.n {
			b := h.acts[k]
			if !a.ok && b.push != a.push && a.begin <= b.end && b.begin <= a.end {
				excused = true
			}
		}
		if !excused {
			acts = append(acts, a)
		}
	}
	if !linear(acts, make([]bool, len(acts)), before, capacity) {
		h.w.Failf("no order explains what they returned:\n%+v", h.acts[:h.n])
	}
}

func linear(acts []act, used []bool, queue []int, capacity int) bool {
	done := true
next:
	for i, a := range acts {
		if used[i] {
			continue
		}
		done = false
		for k, b := range acts {
			if !used[k] && k != i && b.end < a.begin {
				continue next
			}
		}
		var after []int
		switch {
		case a.push && a.ok && len(queue) < capacity:
			after = append(append(after, queue...), a.v)
		case a.push && !a.ok && len(queue) == capacity, !a.push && !a.ok && len(queue) == 0:
			after = queue
		case !a.push && a.ok && len(queue) > 0 && queue[0] == a.v:
			after = queue[1:]
		default:
			continue
		}
		used[i] = true
		if linear(acts, used, after, capacity) {
			return true
		}
		used[i] = false
	}
	return done
}

// A run is what each thread does, a letter an operation: p a push, o a pop, c
// Close. full says how many elements there are before.
type run struct {
	name     string
	capacity int // 0: a queue
	full     int
	threads  []string
	bound    int
	loose    bool
}

func TestModelRing(t *testing.T) {
	for _, r := range []run{
		{name: "push-push-pop-pop", capacity: 2, threads: []string{"p", "p", "o", "o"}},
		{name: "push-push-full", capacity: 2, full: 1, threads: []string{"p", "p", "p"}},
		{name: "pop-pop-empty", capacity: 2, full: 1, threads: []string{"o", "o", "o"}},
		{name: "full-push-pop", capacity: 2, full: 2, threads: []string{"p", "o", "po"}},
		{name: "empty-push-pop", capacity: 2, threads: []string{"o", "op", "o"}},
		{name: "one-slot-laps", capacity: 1, threads: []string{"po", "po", "po"}, bound: 3},
		{name: "two-each", capacity: 3, threads: []string{"pp", "pp", "oo", "oo"}, bound: 2},
		{name: "close", capacity: 2, threads: []string{"p", "p", "c", "oo"}},
	} {
		r.check(t, "mpmc/ring/"+r.name)
	}
}

// In a loose ring what has been pushed, or the room of what was popped, may be seen
// later. So who finds nothing proves nothing; the others have the order of a queue.
func TestModelLooseRing(t *testing.T) {
	for _, r := range []run{
		{name: "push-pop", capacity: 2, threads: []string{"p", "oo"}},
		{name: "push-push-pop-pop", capacity: 2, threads: []string{"p", "p", "o", "o"}, bound: 2},
		{name: "one-slot-laps", capacity: 1, threads: []string{"po", "po", "po"}, bound: 1},
		{name: "two-each", capacity: 3, threads: []string{"pp", "oo", "oo"}, bound: 2},
	} {
		r.loose = true
		r.check(t, "mpmc/loose/"+r.name)
	}
}

// chunk is the capacity of the queue's first ring.
const chunk = 2

// The queue is full of one ring's elements, so that pushes link another.
func TestModelQueue(t *testing.T) {
	for _, r := range []run{
		{name: "push-push-pop-pop", threads: []string{"p", "p", "o", "o"}},
		{name: "grow-push-push", full: chunk, threads: []string{"p", "p"}},
		{name: "grow-push-push-pop", full: chunk, threads: []string{"p", "p", "o"}, bound: 3},
		{name: "grow-push-pop-pop", full: chunk, threads: []string{"p", "o", "oo"}, bound: 3},
		{name: "grow-past-slow-push", full: 1, threads: []string{"p", "p", "oo"}, bound: 3},
		{name: "grow-twice", threads: []string{"ppp", "ppp"}, bound: 3},
	} {
		r.check(t, "mpmc/queue/"+r.name)
	}
}

func (r run) check(t *testing.T, name string) {
	c := interleave.Config{Model: name, Preemptions: r.bound}
	interleave.Check(t, c, func(w *interleave.World) {
		var f fifo
		var ring *Ring[int]
		capacity := r.capacity
		if capacity > 0 {
			ring = NewRing[int](capacity)
			if r.loose {
				ring.Loose()
			}
			f = fifo{ring.Push, ring.Pop}
		} else {
			capacity = 1 << 20
			q := NewQueue[int](chunk)
			f = fifo{func(v int) bool { q.Push(v); return true }, q.Pop}
		}
		h := &history{w: w}
		var before []int
		for i := range r.full {
			before = append(before, -i)
			f.push(-i)
		}
		for i, code := range r.threads {
			w.Go(fmt.Sprintf("%s%d", code, i), func() {
				for k, op := range code {
					switch op {
					case 'p':
						h.push(f, 10*i+k)
					case 'o':
						h.pop(f)
					case 'c':
						ring.Close()
					}
				}
			})
		}
		w.Finally(func() {
			closed := ring != nil && ring.Closed()
			for h.pop(f) { // the rest comes out in order
			}
			if closed { // a push that came after found no room
				h.forgetFailed(true, false)
				if ring.Push(1) || !ring.Drained() {
					w.Failf("closed, but a push succeeds, or it is not drained")
				}
			}
			if r.loose {
				h.forgetFailed(true, true)
			}
			h.check(before, capacity)
		})
	})
}

// forgetFailed strikes out pushes, or pops, or both, that have done nothing.
func (h *history) forgetFailed(pushes, pops bool) {
	n := 0
	for i := range h.n {
		if a := h.acts[i]; a.ok || a.push && !pushes || !a.push && !pops {
			h.acts[n] = a
			n++
		}
	}
	h.n = n
}
