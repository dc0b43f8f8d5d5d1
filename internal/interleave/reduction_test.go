//go:build interleave

package interleave_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A program is random: threads of a few operations on a few words. What it
// computes is what its loads return and what the words are in the end.
type program [][]instruction

type instruction struct{ kind, word, value int }

const (
	load = iota
	store
	release
	swap
	compareAndSwap
	add
	unpark
	sundry
	park
	spin
)

// Programs are made of these, each as often as it is listed.
var (
	strongKinds = []int{load, load, store, swap, compareAndSwap, add, unpark, sundry}
	looseKinds  = []int{load, load, load, release, release, release, store, compareAndSwap, unpark, sundry}
	wordKinds   = []int{load, load, load, load, release, release, release, release, store, swap, compareAndSwap, add}
)

func randomProgram(rng *rand.Rand, threads, length, words int, kinds []int) program {
	p := make(program, threads)
	for i := range p {
		for range 1 + rng.IntN(length) {
			p[i] = append(p[i], instruction{kinds[rng.IntN(len(kinds))], rng.IntN(words), 1 + rng.IntN(3)})
		}
	}
	return p
}

// model adds to seen, for each execution, what came of it.
func (p program) model(words int, seen map[string]bool) func(*interleave.World) {
	return func(w *interleave.World) {
		mem := make([]atomics.Uint64, words)
		parkers := make([]interleave.Parker, len(p))
		got := make([][]uint64, len(p))
		for i, code := range p {
			w.Go(fmt.Sprint("t", i), func() {
				for _, in := range code {
					x, v := &mem[in.word], uint64(in.value)
					switch in.kind {
					case load:
						got[i] = append(got[i], x.Load())
					case store:
						x.Store(v)
					case release:
						atomics.StoreRelease(x, v)
					case swap:
						got[i] = append(got[i], x.Swap(v))
					case compareAndSwap:
						if x.CompareAndSwap(v-1, v) {
							got[i] = append(got[i], 77)
						}
					case add:
						x.Add(v)
					case unpark: // somebody's token: it may be there already
						parkers[in.value%len(p)].Unpark()
					case sundry:
						switch in.value {
						case 1:
							got[i] = append(got[i], 100+uint64(w.Choose(2)))
						case 2:
							if parkers[i].ParkOrTimeout() {
								got[i] = append(got[i], 200)
							}
						case 3:
							if parkers[i].Look() {
								got[i] = append(got[i], 201)
							}
						}
					case park:
						parkers[i].Park()
					case spin:
						for x.Load() == 0 {
							atomics.Spinning()
						}
					}
				}
			})
		}
		w.Finally(func() {
			end := make([]uint64, words)
			for i := range mem {
				end[i] = mem[i].Load()
			}
			if !interleave.Pruned(w) { // what is cut off must be found elsewhere
				seen[fmt.Sprint(got, end)] = true
			}
		})
	}
}

func keys(m map[string]bool) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// What random programs can compute is the same with and without reduction, and
// with and without a bound on preemptions; and so if there is something in the
// store buffers.
func TestReductionsLoseNothing(t *testing.T) {
	t.Run("strong", func(t *testing.T) { losesNothing(t, 13, strongKinds) })
	t.Run("loose", func(t *testing.T) { losesNothing(t, 10, looseKinds) })
}

func losesNothing(t *testing.T, length int, kinds []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	programs := 150
	if testing.Short() || interleave.Race {
		programs = 30
	}
	var schedules, reduced, cached, bounded int
	for n := range programs {
		threads := 2 + n%2
		p := randomProgram(rng, threads, length/threads, 2, kinds)
		run := func(c interleave.Config) ([]string, int) {
			seen := make(map[string]bool)
			c.Limit = 1 << 20
			r := interleave.Explore(c, p.model(2, seen))
			if r.Failure != nil || !r.Complete {
				t.Fatalf("program %d, %v: complete %v, %+v", n, p, r.Complete, r.Failure)
			}
			return keys(seen), r.Schedules
		}
		all, k := run(interleave.Naive(interleave.Config{}))
		schedules += k
		got, k := run(interleave.Config{})
		reduced += k
		if !slices.Equal(all, got) {
			t.Fatalf("program %d, %v: reduction finds %d outcomes, enumeration %d\n%q\n%q", n, p, len(got), len(all), got, all)
		}
		got, k = run(interleave.Config{Preemptions: 100})
		cached += k
		if !slices.Equal(all, got) {
			t.Fatalf("program %d, %v: the cache finds %d outcomes, enumeration %d\n%q\n%q", n, p, len(got), len(all), got, all)
		}
		for bound := 1; bound <= 2; bound++ {
			all, k := run(interleave.Naive(interleave.Config{Preemptions: bound}))
			bounded += k
			got, _ := run(interleave.Config{Preemptions: bound})
			if !slices.Equal(all, got) {
				t.Fatalf("program %d, %v: with %d preemptions the cache finds %d outcomes, enumeration %d\n%q\n%q", n, p, bound, len(got), len(all), got, all)
			}
		}
	}
	t.Logf("%d programs: %d schedules by enumeration, %d with partial-order reduction, %d with the cache", programs, schedules, reduced, cached)
	if reduced*2 > schedules {
		t.Error("the reduction reduces nothing")
	}
}

// Programs that may wait for ever do so with reduction if they do without.
func TestReductionsLoseNoDeadlock(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	programs := 400
	if testing.Short() || interleave.Race {
		programs = 60
	}
	stuck := 0
	for n := range programs {
		threads, kinds := 2+n%2, strongKinds
		if n%4 >= 2 {
			kinds = looseKinds
		}
		p := randomProgram(rng, threads, 10/threads, 2, append([]int{park, spin}, kinds...))
		run := func(c interleave.Config) (fails bool, outcomes []string) {
			seen := make(map[string]bool)
			r := interleave.Explore(c, p.model(2, seen))
			if r.Failure == nil && !r.Complete {
				t.Fatalf("program %d, %v: not complete after %d schedules", n, p, r.Schedules)
			}
			return r.Failure != nil, keys(seen)
		}
		want, all := run(interleave.Naive(interleave.Config{}))
		if want {
			stuck++
		}
		for _, c := range []interleave.Config{{}, {Preemptions: 100}} {
			fails, got := run(c)
			if fails != want {
				t.Fatalf("program %d, %v: a deadlock: %v by enumeration, %v with %+v", n, p, want, fails, c)
			}
			if !fails && !slices.Equal(all, got) {
				t.Fatalf("program %d, %v: %d outcomes by enumeration, %d with %+v", n, p, len(all), len(got), c)
			}
		}
	}
	t.Logf("%d of %d programs can get stuck", stuck, programs)
	if stuck == 0 || stuck == programs {
		t.Error("the programs show nothing")
	}
}
