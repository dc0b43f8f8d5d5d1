package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/faults"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

// roundLimit is how long a round may take; it takes some milliseconds.
const roundLimit = 60 * time.Second

// A round is one random program, from an empty process to an empty process. What
// it does depends on driver and seed only; on the manual driver it does it in the
// same order each time.
type round struct {
	driver string
	seed   uint64
	plan   plan
	menu   *menu
	rng    *rand.Rand

	book   *book
	dir    string         // for files
	pool   *executor.Pool // of the sites, or nil
	sites  []*site
	rough  []*faults.Driver // those of the sites that make faults
	shared *executor.Shared // nil on the manual driver
	crew   crew             // of shared
	abroad sync.WaitGroup   // goroutines that wake, or visit

	errands  *channel.MPMC[*errand]
	mpmc     *channel.MPMC[int]
	mpmcDoor door

	addresses meeting     // every site has its address
	done      meeting     // every site, and visitor, has done its work
	ending    atomic.Bool // everything is being stopped, in the midst of it

	steps  uint64 // of the trace
	digest uint64 // of the trace
}

func newRound(driver string, seed uint64) *round {
	// The stream is the driver's, so that a seed is another program on each.
	h := fnv.New64a()
	h.Write([]byte(driver))
	r := &round{driver: driver, seed: seed, rng: rand.New(rand.NewPCG(seed, h.Sum64())), book: newBook()}
	r.plan = newPlan(r.rng, driver != "manual")
	r.menu = newMenu(r.rng, r.plan.real)
	r.mpmc, r.errands = channel.NewMPMC[int](1<<r.rng.IntN(6)), channel.NewMPMC[*errand](1<<r.rng.IntN(3))
	r.addresses.n, r.done.n = r.plan.sites, r.plan.sites+r.plan.visitors
	return r
}

// run runs the round. An error says that it could not begin; what it has found
// stands in the book.
func (r *round) run() (err error) {
	before := leakcheck.Take()
	if err := r.open(); err != nil {
		return err
	}
	var sites, workers sync.WaitGroup
	if r.shared != nil {
		workers.Go(func() { _ = r.shared.Run(context.Background()) })
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if r.plan.real {
		r.hireAbroad(ctx)
	}
	for range r.plan.visitors {
		s, w := r.newScript("visitor", r.sites[0], r.rng, r.plan.deep)
		r.abroad.Go(func() {
			defer r.done.arrive()
			_, _ = rouse.Await(ctx, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
				return 0, r.addresses.poll(cx)
			})))
			s.visit(ctx)
			w.end("result")
		})
	}
	if r.plan.abrupt > 0 {
		ender := time.AfterFunc(r.plan.abrupt, func() { r.stop(stop) })
		defer ender.Stop()
	}
	if !r.plan.real {
		r.live(r.sites[0]) // on this goroutine: nobody else may have a say
	}
	for _, st := range r.sites {
		if r.plan.real && !r.plan.pooled {
			sites.Go(func() { r.live(st) })
		}
	}
	if r.plan.pooled {
		sites.Go(r.livePooled)
	}
	sites.Wait()
	stop()
	if r.shared != nil {
		if err := r.shared.Close(); err != nil {
			r.book.failf("closing the shared executor: %v", err)
		}
	}
	workers.Wait()
	r.abroad.Wait()
	r.settle()
	if r.ending.Load() && (r.plan.visitors > 0 || !gid.Known) {
		// A WithTimeout that is cancelled from elsewhere may be too late for its
		// executor, whose Close then disarms it.
		before["timers"] += taskLimit
	}
	r.account(before, 5*time.Second)
	return nil
}

// account compares what there is with what there was before the round.
func (r *round) account(before leakcheck.Counts, patience time.Duration) {
	if extra := before.Extra(patience); !extra.Zero() {
		r.book.failf("left behind: %v", extra)
	}
}

// open makes what the round consists of, or nothing.
func (r *round) open() (err error) {
	defer func() {
		if err == nil {
			return
		}
		for _, st := range r.sites {
			st.ex.Close()
		}
		if r.pool != nil {
			_ = r.pool.Join()
		}
		os.RemoveAll(r.dir)
	}()
	if err := r.openSites(); err != nil {
		return err
	}
	r.connect()
	if !r.plan.real {
		return nil
	}
	if r.dir, err = os.MkdirTemp("", "rouse-soak-*"); err != nil {
		return err
	}
	r.crew.limit = int32(1 + r.rng.IntN(3))
	r.shared, err = executor.NewShared(executor.SharedConfig{Workers: 1 + r.rng.IntN(3), BlockingWorkers: int(r.crew.limit),
		Log: slog.New(slog.DiscardHandler), OnPanic: r.panicked})
	r.crew.host = r.shared
	return err
}

// stop ends everything in the midst of it.
func (r *round) stop(visitors func()) {
	r.ending.Store(true)
	visitors()
	if r.pool != nil {
		r.pool.Stop()
	} else {
		for _, st := range r.sites {
			st.ex.Stop()
			time.Sleep(r.plan.straggle)
		}
	}
	r.shared.Stop()
}

// settle compares what was to be with what was, when all is over.
func (r *round) settle() {
	for {
		n, err := r.mpmc.TryRecv()
		if err != nil {
			break
		}
		r.book.got(n)
	}
	r.book.balance(!r.ending.Load())
	r.compare()
	r.audit()
	for _, w := range r.book.owed {
		r.book.mu.Lock()
		over := w.over()
		r.book.mu.Unlock()
		if !over {
			r.book.failf("task %d (%s) has neither ended nor was it dropped", w.id, w.kind)
		}
	}
	if r.dir != "" { // an open that was cancelled may have made a file after its fiber has removed it
		os.RemoveAll(r.dir)
	}
}

// allEnded reports whether no watched task is alive.
func (r *round) allEnded() bool {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	for _, w := range r.book.owed {
		if !w.over() {
			return false
		}
	}
	return true
}

// goroutine starts one that the round waits for.
func (r *round) goroutine(f func()) { r.abroad.Go(f) }

// trace makes what happens, in its order, a part of the digest. Only on the
// manual driver, where one goroutine does everything.
func (r *round) trace(id int, what string) {
	if r.plan.real {
		return
	}
	h := fnv.New64a()
	fmt.Fprint(h, r.digest, r.sites[0].ex.Driver().Now(), id, what)
	r.digest = h.Sum64()
	r.steps++
}
