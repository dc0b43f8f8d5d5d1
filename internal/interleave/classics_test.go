//go:build interleave

package interleave_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/interleave"
)

// A classic is a protocol that people get wrong, in two forms.
type classic struct {
	name  string
	says  string // of the wrong one's failure
	model func(w *interleave.World, wrong bool)
}

var classics = []classic{
	{"check-then-park", "deadlock", lostWake},
	{"aba-pop", "popped twice", abaPop},
	{"missed-reschedule", "was not polled again", missedReschedule},
	{"double-poll", "two polls at once", doublePoll},
	{"peterson", "both are inside", peterson},
	{"dekker-flags", "both are inside", flags},
	{"dekker-late-store", "neither has seen the other", lateStore},
	{"seen-between-two-loads", "too late for one, early enough for the other", seenBetween},
	{"two-winners", "both have won", twoWinners},
	{"publish-before-write", "not written yet", publish},
	{"unlocked-add", "an addition is lost", lostUpdate},
	{"try-forever", "livelock", tryForever},
	{"spin-for-nothing", "deadlock", spinForNothing},
}

// The wrong form of each is caught in every way of exploring; the right form
// passes every schedule.
func TestClassics(t *testing.T) {
	ways := []interleave.Config{
		{Preemptions: interleave.Unbounded},
		{Preemptions: 2},
		{Preemptions: -1, Random: 20_000, Seed: 1, Depth: 4},
	}
	for _, c := range classics {
		t.Run(c.name, func(t *testing.T) {
			for _, way := range ways {
				if way.Preemptions < 0 && interleave.Race {
					way.Random = 1000
				}
				way.Steps = 200
				way.Model = "classic/" + c.name + "/right"
				interleave.Check(t, way, func(w *interleave.World) { c.model(w, false) })
				way.Model = "classic/" + c.name + "/wrong"
				r := interleave.Explore(way, func(w *interleave.World) { c.model(w, true) })
				fmt.Println(r)
				if r.Failure == nil {
					t.Fatalf("not caught in %d schedules", r.Schedules)
				}
				if !strings.Contains(r.Failure.What, c.says) {
					t.Fatalf("caught for another reason: %s\n%s", r.Failure.What, r.Failure.Transcript)
				}
				if way.Preemptions == interleave.Unbounded {
					t.Logf("%s\n%s", r.Failure.What, r.Failure.Transcript)
				}
			}
		})
	}
}

// The sleeper looks, says that it sleeps, and sleeps; the waker's news come
// between. It must look again after it said so.
func lostWake(w *interleave.World, wrong bool) {
	var news, asleep atomics.Bool
	var bed interleave.Parker
	w.Go("sleeper", func() {
		for !news.Load() {
			asleep.Store(true)
			if wrong || !news.Load() {
				bed.Park()
			}
			asleep.Store(false)
		}
	})
	w.Go("waker", func() {
		news.Store(true)
		if asleep.Load() {
			bed.Unpark()
		}
	})
}

// A stack of places 1, 2, 3 by index. A pop that reads head and next, and swaps
// if head is the same again, is fooled by head having been away meanwhile. A
// count in the head's upper half tells.
func abaPop(w *interleave.World, wrong bool) {
	var head atomics.Uint32
	var next [4]atomics.Uint32
	var popped [4]atomics.Uint32
	head.Store(1)
	next[1].Store(2)
	next[2].Store(3)
	const low = 0xff
	count := func(h uint32) uint32 {
		if wrong {
			return 0
		}
		return h&^low + low + 1
	}
	pop := func() uint32 {
		for {
			h := head.Load()
			if h&low == 0 {
				return 0
			}
			n := next[h&low].Load()
			if head.CompareAndSwap(h, n|count(h)) {
				return h & low
			}
		}
	}
	take := func() {
		if i := pop(); i != 0 && popped[i].Add(1) != 1 {
			w.Failf("place %d was popped twice", i)
		}
	}
	w.Go("one", take)
	w.Go("two", func() {
		i := pop()
		take()
		for i != 0 { // push it back
			h := head.Load()
			next[i].Store(h & low)
			if head.CompareAndSwap(h, i|count(h)) {
				break
			}
		}
	})
	w.Finally(func() {
		for i := pop(); i != 0; i = pop() {
			if popped[i].Add(1) != 1 {
				w.Failf("place %d was popped twice", i)
			}
		}
	})
}

// A task that is woken while it runs has to be run again. The wrong runner
// forgets what came meanwhile.
func missedReschedule(w *interleave.World, wrong bool) {
	const scheduled, running = 1, 2
	var word, data atomics.Uint32
	seen := uint32(0)
	word.Store(scheduled)
	w.Go("runner", func() {
		for again := true; again; {
			word.Store(running)
			seen = data.Load()
			if wrong {
				word.Store(0)
				return
			}
			again = word.And(^uint32(running))&scheduled != 0
		}
	})
	w.Go("waker", func() {
		data.Store(1)
		if word.Or(scheduled)&(scheduled|running) == 0 {
			seen = data.Load() // here, the waker would have it queued, and run
		}
	})
	w.Finally(func() {
		if seen != 1 && word.Load()&scheduled == 0 || word.Load() != 0 && seen == 0 {
			w.Failf("the task was not polled again")
		}
	})
}

// Whoever finds the task not scheduled queues it; but while it runs that makes
// two runners.
func doublePoll(w *interleave.World, wrong bool) {
	const scheduled, running = 1, 2
	var word, inside atomics.Uint32
	poll := func() {
		if inside.Add(1) != 1 {
			w.Failf("two polls at once")
		}
		inside.Add(^uint32(0))
	}
	run := func() {
		for {
			word.Store(running)
			poll()
			if wrong {
				word.And(^uint32(running))
				return
			}
			if word.CompareAndSwap(running, 0) {
				return
			}
		}
	}
	wake := func() {
		w := word.Or(scheduled)
		if w&scheduled == 0 && (wrong || w&running == 0) {
			run()
		}
	}
	w.Go("one", wake)
	w.Go("two", wake)
}

// G. Peterson, Myths about the mutual exclusion problem (1981). The wrong one
// gives way before it says that it wants.
func peterson(w *interleave.World, wrong bool) {
	var wants [2]atomics.Bool
	var turn, inside atomics.Uint32
	for me := range 2 {
		w.Go(fmt.Sprint("p", me), func() {
			other := 1 - me
			if wrong {
				turn.Store(uint32(other))
				wants[me].Store(true)
			} else {
				wants[me].Store(true)
				turn.Store(uint32(other))
			}
			if wants[other].Load() && turn.Load() == uint32(other) {
				wants[me].Store(false)
				return // where Peterson waits
			}
			if inside.Add(1) != 1 {
				w.Failf("both are inside")
			}
			inside.Add(^uint32(0))
			wants[me].Store(false)
		})
	}
}

// Each raises its flag and then looks at the other's: not both find it down.
func flags(w *interleave.World, wrong bool) {
	var up [2]atomics.Bool
	var inside atomics.Int32
	for me := range 2 {
		w.Go(fmt.Sprint("p", me), func() {
			if !wrong {
				up[me].Store(true)
			}
			free := !up[1-me].Load()
			up[me].Store(true)
			if free && inside.Add(1) == 2 {
				w.Failf("both are inside")
			}
		})
	}
}

// Each says that it is there and looks for the other. Without a read-modify-write
// between, both may look before either is seen; a thread sees itself at once.
func lateStore(w *interleave.World, wrong bool) {
	var there [2]atomics.Uint64
	var begun, alone atomics.Int32
	for me := range 2 {
		w.Go(fmt.Sprint("p", me), func() {
			begun.Add(1)
			atomics.StoreRelease(&there[me], 1)
			if there[me].Load() != 1 {
				w.Failf("does not see its own store")
			}
			if !wrong {
				begun.Add(1)
			}
			if there[1-me].Load() == 0 && alone.Add(1) == 2 {
				w.Failf("neither has seen the other")
			}
		})
	}
}

// The store of the first is seen too late for the second, who has looked, and early
// enough for the third, who speaks of it before the first looks again.
func seenBetween(w *interleave.World, wrong bool) {
	var first, second atomics.Uint64
	var third atomics.Bool
	var missed atomics.Int32
	w.Go("first", func() {
		if wrong {
			atomics.StoreRelease(&first, 1)
		} else {
			first.Store(1)
		}
		unseen := second.Load() == 0
		if third.Load() && unseen {
			missed.Add(1)
		}
	})
	w.Go("second", func() {
		second.Store(1)
		if first.Load() == 0 {
			missed.Add(1)
		}
	})
	w.Go("third", func() {
		if first.Load() == 1 {
			third.Store(true)
		}
	})
	w.Finally(func() {
		if missed.Load() == 2 {
			w.Failf("it was seen too late for one, early enough for the other")
		}
	})
}

// A cancellation and a completion: one must win.
func twoWinners(w *interleave.World, wrong bool) {
	var word, won atomics.Uint32
	for i := range uint32(2) {
		w.Go([]string{"cancel", "complete"}[i], func() {
			ok := false
			if wrong {
				if ok = word.Load() == 0; ok {
					word.Store(1 + i)
				}
			} else {
				ok = word.CompareAndSwap(0, 1+i)
			}
			if ok && won.Add(1) == 2 {
				w.Failf("both have won")
			}
		})
	}
}

func publish(w *interleave.World, wrong bool) {
	var ready, value atomics.Uint32
	w.Go("writer", func() {
		if wrong {
			ready.Store(1)
		}
		value.Store(42)
		ready.Store(1)
	})
	w.Go("reader", func() {
		if ready.Load() == 1 && value.Load() != 42 {
			w.Failf("it is not written yet")
		}
	})
}

func lostUpdate(w *interleave.World, wrong bool) {
	var n atomics.Int64
	for range 3 {
		w.Go("adder", func() {
			if wrong {
				n.Store(n.Load() + 1)
			} else {
				n.Add(1)
			}
		})
	}
	w.Finally(func() {
		if n.Load() != 3 {
			w.Failf("an addition is lost")
		}
	})
}

// Two who give way to each other without end.
func tryForever(w *interleave.World, wrong bool) {
	var up [2]atomics.Bool
	for me := range 2 {
		w.Go(fmt.Sprint("p", me), func() {
			for {
				up[me].Store(true)
				if !up[1-me].Load() || !wrong && me == 0 {
					break
				}
				up[me].Store(false)
				if !wrong {
					for up[1-me].Load() {
						atomics.Spinning()
					}
				}
			}
			up[me].Store(false)
		})
	}
}

func spinForNothing(w *interleave.World, wrong bool) {
	var word atomics.Uintptr
	w.Go("waiter", func() {
		for word.Load() == 0 {
			atomics.Spinning()
		}
	})
	w.Go("other", func() {
		if !wrong {
			word.Store(1)
		}
	})
}
