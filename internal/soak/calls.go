package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// A crew counts the blocking calls of an executor: no more than limit at once.
type crew struct {
	host    executor.BlockingHost
	limit   int32
	running atomic.Int32
}

// A call may block. It returns, or panics, or calls Goexit, and runs once at
// most.
type call struct {
	s     *script
	crew  *crew
	want  int
	end   int
	takes time.Duration
	runs  atomic.Int32
}

const (
	callReturns = iota
	callPanics
	callExits
)

func (s *script) call(on *crew) *call {
	c := &call{s: s, crew: on, want: s.rng.Int(), end: max(0, s.rng.IntN(8)-5)}
	if s.rng.IntN(3) == 0 {
		c.takes = s.duration()
	}
	return c
}

func (c *call) run() (int, error) {
	defer c.crew.running.Add(-1)
	if n := c.crew.running.Add(1); n > c.crew.limit {
		c.s.w.r.book.failf("%d blocking calls run at once, and the limit is %d", n, c.crew.limit)
	}
	if c.runs.Add(1) != 1 {
		c.s.w.r.book.failf("a blocking call of task %d runs twice", c.s.w.id)
	}
	time.Sleep(c.takes)
	switch c.end {
	case callPanics:
		panic(onPurpose)
	case callExits:
		runtime.Goexit()
	}
	return c.want, nil
}

// ended judges the result.
func (c *call) ended(v int, err error) error {
	var p *rouse.PanicError
	switch {
	case err == nil && c.end == callReturns && v == c.want,
		c.end == callPanics && errors.As(err, &p) && p.Value == onPurpose,
		c.end == callExits && err == rouse.ErrGoexit:
		if n := c.runs.Load(); n != 1 {
			return fmt.Errorf("a blocking call has a result and ran %d times", n)
		}
		c.s.w.tally.Calls++
		return nil
	case err == nil || errors.As(err, &p) || err == rouse.ErrGoexit:
		return fmt.Errorf("a blocking call that was to end as %d, with %d, has returned %d, %v", c.end, c.want, v, err)
	}
	return err
}

// blocking waits for a call, which may be run for any executor; at times it loses
// its patience.
func (s *script) blocking() rouse.Future[int] {
	r := s.w.r
	on := &r.crew // the Shared's
	if n := s.rng.IntN(len(r.sites) + 1); n < len(r.sites) {
		on = &r.sites[n].crew
	}
	c := s.call(on)
	f := executor.BlockingFuture(on.host, c.run)
	return s.hurriedAtTimes(&dropping[int]{inner: f, poll: func(cx *rouse.Context) (int, error) {
		v, err := f.Poll(cx)
		if err == rouse.Pending {
			return 0, err
		}
		return 0, c.ended(v, err)
	}})
}

func (s *script) blockingBody(ctx context.Context) error {
	if s.rng.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = s.hurry(ctx)
		defer cancel()
	}
	c := s.call(&s.on.crew)
	return c.ended(executor.Blocking(ctx, c.run))
}
