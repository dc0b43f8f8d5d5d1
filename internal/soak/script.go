package main

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/fileio"
	"github.com/rouse-go/rouse/netio"
)

// A script is a random program: it does one random thing after the other. As a
// future it is a task in poll form; run is the same in direct style.
type script struct {
	w       *watch
	rng     *rand.Rand
	on      *site // nil on the Shared
	left    int
	next    int // the number of the next element to send
	letters int // how many datagrams it has written
	deep    int // how many more levels of children there may be
	step    rouse.Future[int]
}

// newScript returns a script and the watch over it, or nils.
func (r *round) newScript(kind string, on *site, rng *rand.Rand, deep int) (*script, *watch) {
	s := &script{rng: rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())), on: on, deep: deep}
	s.left = 1 + s.rng.IntN(r.plan.steps)
	w := r.newWatch(kind, s)
	if w == nil {
		return nil, nil
	}
	s.w, s.next = w, w.id*perTask
	return s, w
}

// element numbers one to send; false if the script has sent enough.
func (s *script) element() (int, bool) {
	n := s.next
	if n >= (s.w.id+1)*perTask {
		return 0, false
	}
	s.next++
	return n, true
}

func (s *script) Poll(cx *rouse.Context) (int, error) {
	for {
		if s.step == nil {
			if s.left == 0 {
				return s.w.id, nil
			}
			s.left--
			s.step = s.choose()
		}
		_, err := s.step.Poll(cx)
		if err == rouse.Pending {
			return 0, err
		}
		s.step = nil
		s.judge(err)
	}
}

func (s *script) Drop() {
	if d, ok := s.step.(rouse.Dropper); ok {
		d.Drop()
	}
}

// judge looks at how a step ended: by itself, in time, or because the world
// comes to its end.
func (s *script) judge(err error) {
	switch {
	case err == nil, err == errDeclined, errors.Is(err, context.DeadlineExceeded): // as timer.ErrTimeout is
	case s.w.r.ending.Load() && (errors.Is(err, context.Canceled) || errors.Is(err, rouse.ErrClosed) ||
		errors.Is(err, channel.ErrClosed) || errors.Is(err, netio.ErrClosed) || errors.Is(err, fileio.ErrClosed)):
	default:
		s.w.r.book.failf("task %d (%s): %v", s.w.id, s.w.kind, err)
	}
}

// run is the script as a fiber.
func (s *script) run(ctx context.Context) (int, error) {
	s.w.enter()
	s.w.tally.Fibers++
	how := "drop" // a fiber that is cancelled, or unwound
	defer func() {
		if how == "drop" {
			s.w.tally.Drops++
		} else {
			s.w.tally.Results++
		}
		s.w.leave()
		s.w.end(how)
	}()
	for ; s.left > 0; s.left-- {
		var err error
		if body := s.chooseBody(); body != nil {
			err = body(s, ctx)
		} else {
			_, err = rouse.Await(ctx, s.choose())
		}
		if ctx.Err() != nil { // only this fiber's end ends it
			return 0, ctx.Err()
		}
		s.judge(err)
	}
	how = "result"
	return s.w.id, nil
}
