package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/driver/uring"
	"github.com/rouse-go/rouse/executor"
)

// A site is an executor with what belongs to it.
type site struct {
	ex      *executor.Local
	bounded *channel.Bounded[int]
	addr    string
	server  rouse.JoinHandle[int]
	seed    uint64
}

func (r *round) openDriver() (driver.Driver, error) {
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

func (r *round) newSite() (*site, error) {
	d, err := r.openDriver()
	if err != nil {
		return nil, err
	}
	ex, err := executor.New(executor.Config{Driver: d, Tick: ticks[r.rng.IntN(len(ticks))], Seed: r.rng.Uint64() | 1,
		Log: slog.New(slog.DiscardHandler), OnPanic: r.panicked})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &site{ex: ex, bounded: channel.NewBounded[int](1 + r.rng.IntN(8)), seed: r.rng.Uint64()}, nil
}

// panicked sees panics that nobody joins: a step's own, if the task that would
// have joined it was dropped.
func (r *round) panicked(p *rouse.PanicError) {
	if p.Value != onPurpose {
		r.book.failf("a panic: %v\n%s", p.Value, p.Stack)
	}
}

// live is the life of a site, on a goroutine of its own.
func (r *round) live(st *site) {
	_, err := executor.RunUntil[int](st.ex, &root{r: r, st: st})
	if err != nil && !(r.ending.Load() && errors.Is(err, rouse.ErrCanceled)) {
		r.book.failf("the root of a site: %v", err)
	}
	if err := st.ex.Close(); err != nil && !r.onPurpose(err) {
		r.book.failf("closing a site: %v", err)
	}
}

// onPurpose reports whether err is nothing but panics that a step made.
func (r *round) onPurpose(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			if !r.onPurpose(one) {
				return false
			}
		}
		return true
	}
	var p *rouse.PanicError
	return errors.As(err, &p) && p.Value == onPurpose
}
