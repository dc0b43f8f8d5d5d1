package lincheck

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// queue is what is recorded.
type queue struct {
	push func(int) bool
	pop  func() (int, bool)
}

// opsEach is how many operations of a goroutine there are in one history. The
// check takes exponential time at worst.
const opsEach = 12

// record has goroutines push and pop at random, in so many rounds, each with a
// queue of its own, and returns the history of each round. The goroutines stay
// for all rounds and begin each together, so that they run beside each other and
// not one after the other.
func record(rounds, goroutines int, newQueue func() queue) (histories [][]porcupine.Operation) {
	queues := make([]queue, rounds)
	parts := make([][][]porcupine.Operation, rounds)
	for round := range rounds {
		queues[round], parts[round] = newQueue(), make([][]porcupine.Operation, goroutines)
	}
	var begun atomic.Int64 // arrivals, over all rounds
	var wg sync.WaitGroup
	for id := range goroutines {
		wg.Go(func() {
			for round := range rounds {
				begun.Add(1)
				await(&begun, (round+1)*goroutines)
				parts[round][id] = act(queues[round], id, round)
			}
		})
	}
	wg.Wait()
	for _, p := range parts {
		histories = append(histories, slices.Concat(p...))
	}
	return histories
}

// await spins: a lock would let the goroutines go on one by one.
func await(n *atomic.Int64, want int) {
	for n.Load() < int64(want) {
		runtime.Gosched()
	}
}

// act does one goroutine's part of one history, with pauses of random length so
// that some operations overlap and some do not.
func act(q queue, id, round int) []porcupine.Operation {
	slow := 1 << rand.New(rand.NewPCG(uint64(round), 0)).IntN(10)
	rng := rand.New(rand.NewPCG(uint64(round), uint64(id)+1))
	h := make([]porcupine.Operation, 0, opsEach)
	for i := range opsEach {
		if rng.IntN(4) == 0 {
			runtime.Gosched()
		}
		pause(rng.IntN(slow))
		in := call{push: rng.IntN(2) == 0, v: id*opsEach + i}
		var out answer
		// What shows the same reading counts as overlapping, which can't make a
		// good history bad.
		called := 2 * int64(time.Since(origin))
		if in.push {
			out.ok = q.push(in.v)
		} else {
			out.v, out.ok = q.pop()
		}
		returned := 2*int64(time.Since(origin)) + 1
		h = append(h, porcupine.Operation{ClientId: id, Input: in, Output: out, Call: called, Return: returned})
	}
	return h
}

// origin is when time begins.
var origin = time.Now()

var sink atomic.Int64

// pause burns a little time without giving the processor up.
//
//go:noinline
func pause(n int) {
	x := 0
	for i := range n {
		x ^= i
	}
	if x < 0 {
		sink.Add(1)
	}
}
