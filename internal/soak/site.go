package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/driver/uring"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/faults"
)

// A site is an executor with what belongs to it.
type site struct {
	node
	ex      *executor.Local
	bounded *channel.Bounded[int]
	errands *channel.Bounded[*errand]
	post    *channel.Port[letter]
	addr    string         // of its echo
	echo    netip.AddrPort // and of that for datagrams
	servers []rouse.JoinHandle[int]
	seed    uint64
	crew    crew
}

// openDriver opens a driver, with faults if the plan says so.
func (r *round) openDriver() (driver.Driver, error) {
	d, err := r.openBare()
	if err != nil || !r.plan.rough {
		return d, err
	}
	p := r.plan.faults
	p.Seed = r.rng.Uint64()
	rough := faults.Wrap(d, p)
	r.rough = append(r.rough, rough)
	return rough, nil
}

func (r *round) openBare() (driver.Driver, error) {
	switch r.driver {
	case "manual":
		return manual.New(manual.Config{AutoAdvance: true, Buffer: 1 << (15 + r.rng.IntN(3))})
	case "uring": // at times with so little of everything that it runs short
		return uring.New(uring.Config{Entries: 8 << r.rng.IntN(6), Buffers: 64 << r.rng.IntN(4),
			BufferSize: 1024 << r.rng.IntN(3), FileThreads: 1 + r.rng.IntN(4)})
	case "epoll":
		return epoll.New(epoll.Config{FileThreads: 1 + r.rng.IntN(4)})
	case "portable":
		return portable.New(portable.Config{})
	}
	return nil, fmt.Errorf("no driver %q", r.driver)
}

// ticks are the resolutions of timers that rounds have.
var ticks = []time.Duration{10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond}

// newConfig is what executors have in common.
func (r *round) newConfig() executor.Config {
	return executor.Config{Tick: one(r.rng, ticks), Seed: r.rng.Uint64() | 1, BlockingWorkers: 1 + r.rng.IntN(3),
		Log: slog.New(slog.DiscardHandler), OnPanic: r.panicked}
}

// openSites makes the executors: a Pool, which runs them, or some that stand
// alone.
func (r *round) openSites() error {
	if r.plan.pooled {
		cfg := r.newConfig()
		p, err := executor.NewPool(executor.PoolConfig{Placement: executor.Unbound(r.plan.sites), Executor: cfg, Procs: -r.rng.IntN(2),
			OpenDriver: func(int) (driver.Driver, error) { return r.openDriver() }})
		if err != nil {
			return err
		}
		r.pool = p
		for _, ex := range p.Executors() {
			r.sites = append(r.sites, r.newSite(ex, cfg))
		}
		return nil
	}
	for range r.plan.sites {
		cfg := r.newConfig()
		d, err := r.openDriver()
		if err != nil {
			return err
		}
		cfg.Driver = d
		ex, err := executor.New(cfg)
		if err != nil {
			return errors.Join(err, d.Close())
		}
		r.sites = append(r.sites, r.newSite(ex, cfg))
	}
	return nil
}

func (r *round) newSite(ex *executor.Local, cfg executor.Config) *site {
	return &site{ex: ex, seed: r.rng.Uint64(), crew: crew{host: ex, limit: int32(cfg.BlockingWorkers)},
		bounded: channel.NewBounded[int](1 + r.rng.IntN(8)), errands: channel.NewBounded[*errand](1 + r.rng.IntN(3))}
}

// panicked sees panics that nobody joins: a step's own, if the task that would
// have joined it was dropped.
func (r *round) panicked(p *rouse.PanicError) {
	if p.Value != onPurpose {
		r.book.failf("a panic: %v\n%s", p.Value, p.Stack)
	}
}

// live is the life of a site that stands alone, on a goroutine of its own.
func (r *round) live(st *site) {
	_, err := executor.RunUntil[int](st.ex, &root{r: r, st: st})
	r.lived("a site", err, st.ex.Close())
}

// livePooled is the life of all sites in a pool.
func (r *round) livePooled() {
	err := r.pool.Each(context.Background(), func(ctx context.Context, i int) error {
		_, err := rouse.Await[int](ctx, &root{r: r, st: r.sites[i]})
		return err
	})
	r.lived("the pool", err, r.pool.Close())
}

// lived judges how a root has ended, and the closing after it.
func (r *round) lived(who string, root, closing error) {
	if root != nil && !(r.ending.Load() && errors.Is(root, rouse.ErrCanceled)) {
		r.book.failf("the root of %s: %v", who, root)
	}
	if closing != nil && !onlyOnPurpose(closing) {
		r.book.failf("closing %s: %v", who, closing)
	}
}

// onlyOnPurpose reports whether err is nothing but panics that a step made.
func onlyOnPurpose(err error) bool {
	switch err := err.(type) {
	case *rouse.PanicError:
		return err.Value == onPurpose
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			if !onlyOnPurpose(one) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		return onlyOnPurpose(err.Unwrap())
	}
	return false
}
