// Command soak runs random programs of tasks, fibers, timers, channels,
// connections, datagrams, files and blocking calls, on every driver in turn, and
// checks all along that what must always hold does:
//
//	go run ./internal/soak [-minutes 2] [-seed n] [-driver name] [-rounds n]
//
// A program is made from a seed. Each task is polled by one goroutine at a time,
// ends once, by a result or by Drop, and its result is its own; no timer is early;
// what was sent is received once or still there; what comes back from a connection
// or a file is what went there; and when a program is over, nothing is left of it,
// be it that it ended by itself or that it was stopped in the midst of everything.
// A third of the programs runs on drivers that make faults, and must tell them.
//
// On the manual driver a program does the same thing each time it runs, to the
// last poll, and that is checked, too: so a failing seed fails again. On the others
// a seed is the same program in another interleaving.
//
// Random programs with a seed, checked by invariants, are how FoundationDB and
// TigerBeetle test; see https://apple.github.io/foundationdb/testing.html.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/executor"
)

func main() {
	minutes := flag.Float64("minutes", 2, "how long")
	seed := flag.Uint64("seed", 0, "the first program's seed, each next one's is one more; 0 means that the clock chooses")
	only := flag.String("driver", "", "use this `driver` only: manual, "+executor.DriverNames())
	rounds := flag.Int("rounds", 0, "stop after so many programs; 0 means no limit")
	flag.Parse()
	drivers := append([]string{"manual"}, strings.Split(executor.DriverNames(), ", ")...)
	if *only != "" {
		if !slices.Contains(drivers, *only) {
			fmt.Fprintf(os.Stderr, "soak: no driver %q here; choose one of %s\n", *only, strings.Join(drivers, ", "))
			os.Exit(2)
		}
		drivers = []string{*only}
	}
	if flag.NArg() > 0 || *minutes <= 0 || *rounds < 0 {
		fmt.Fprintln(os.Stderr, "soak: -minutes is above 0, -rounds 0 or more, and there are no other arguments")
		os.Exit(2)
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano()) >> 10
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*minutes*float64(time.Minute)))
	defer cancel()
	s := soak{drivers: drivers, seed: *seed, limit: *rounds, period: 10 * time.Second}
	if !s.run(ctx) {
		os.Exit(1)
	}
}

// A soak is a series of rounds.
type soak struct {
	drivers []string
	seed    uint64
	limit   int
	period  time.Duration // between reports

	begun  time.Time
	rounds int
	sums   tally
	slow   time.Duration // the slowest round, and which that was
	which  string
	base   uint64 // bytes that were alive early on
}

// run runs rounds until ctx ends, and reports whether all were good.
func (s *soak) run(ctx context.Context) bool {
	s.begun = time.Now()
	fmt.Printf("soak: seed=%d drivers=%s\n", s.seed, strings.Join(s.drivers, ","))
	next := s.begun.Add(s.period)
	good := true
	for ; good && ctx.Err() == nil && (s.limit == 0 || s.rounds < s.limit); s.rounds++ {
		good = s.round(s.drivers[s.rounds%len(s.drivers)], s.seed+uint64(s.rounds))
		if good = good && s.memory(); good && time.Now().After(next) {
			s.report("so far")
			next = time.Now().Add(s.period)
		}
	}
	good = good && s.rounds > 0
	verdict := "ok"
	if !good {
		verdict = "FAILED"
	}
	s.report(verdict)
	return good
}

func (s *soak) report(what string) {
	fmt.Printf("soak: %s after %v: rounds=%d %v slowest=%v(%s)\n", what, time.Since(s.begun).Round(time.Second),
		s.rounds, s.sums, s.slow.Round(time.Millisecond), s.which)
}

// round runs one program, on the manual driver twice.
func (s *soak) round(driver string, seed uint64) bool {
	begun := time.Now()
	r, ok := watched(driver, seed)
	if took := time.Since(begun); took > s.slow {
		s.slow, s.which = took, fmt.Sprint(driver, ":", seed)
	}
	s.sums.add(r.book.sums)
	if ok && !r.plan.real {
		again, fine := watched(driver, seed)
		if ok = fine; ok && (again.digest != r.digest || again.steps != r.steps) {
			ok = false
			fmt.Printf("soak: FAULT: the same program did %d things, and then %d, or others\n", r.steps, again.steps)
		}
	}
	if !ok {
		fmt.Printf("soak: driver=%s seed=%d failed; plan %+v; again: go run ./internal/soak -driver %s -seed %d -rounds 1\n", driver, seed, r.plan, driver, seed)
	}
	return ok
}

// watched runs a program, and ends the process if it hangs.
func watched(driver string, seed uint64) (*round, bool) {
	r := newRound(driver, seed)
	defer r.endWithin(roundLimit).Stop()
	if err := r.run(); err != nil {
		r.book.failf("it could not begin: %v", err)
	}
	faults := r.book.failed()
	for _, f := range faults {
		fmt.Println("soak: FAULT:", f)
	}
	return r, len(faults) == 0
}

// endWithin ends the process, and prints where everybody was, unless the timer
// that it returns is stopped before.
func (r *round) endWithin(limit time.Duration) *time.Timer {
	return time.AfterFunc(limit, func() {
		for _, f := range r.book.failed() { // why, perhaps
			fmt.Println("soak: FAULT:", f)
		}
		stacks := make([]byte, 4<<20)
		fmt.Printf("%s\nsoak: FAULT: driver=%s seed=%d hangs, the stacks are above; plan %+v; again: go run ./internal/soak -driver %s -seed %d -rounds 1\n",
			stacks[:runtime.Stack(stacks, true)], r.driver, r.seed, r.plan, r.driver, r.seed)
		os.Exit(1)
	})
}

const (
	memoryEvery = 32       // rounds between two looks
	memoryRoom  = 64 << 20 // bytes by which it may grow
)

// memory looks at what is alive now and then, and reports whether it is bounded.
func (s *soak) memory() bool {
	if s.rounds%memoryEvery != memoryEvery-1 {
		return true
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if s.base == 0 {
		s.base = m.HeapAlloc
	}
	if m.HeapAlloc <= s.base+memoryRoom {
		return true
	}
	fmt.Printf("soak: FAULT: %d bytes are alive, %d were %d rounds ago\n", m.HeapAlloc, s.base, s.rounds-memoryEvery+1)
	return false
}
