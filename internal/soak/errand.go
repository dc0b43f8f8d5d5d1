package main

import (
	"context"
	"errors"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// An errand goes through a channel to somebody who does it: who waits for it is
// woken. Nobody here has a timer. Most other steps have, and so look again after
// a while; it is in errands that a lost wake shows, since the program hangs.
type errand struct{ meeting }

func newErrand() *errand { return &errand{meeting{n: 1}} }

// errand sends one, on the site or to anybody, and waits until it is done.
func (s *script) errand() rouse.Future[int] {
	e := newErrand()
	send := new(dropping[struct{}])
	way := s.rng.IntN(3)
	switch {
	case s.on == nil || way == 0:
		f := s.w.r.errands.SendFuture(e)
		send.poll, send.inner = f.Poll, &f
	case way == 1:
		f := s.on.errands.SendFuture(e)
		send.poll, send.inner = f.Poll, &f
	default:
		to := s.rng.IntN(len(s.w.r.sites))
		send.poll = func(cx *rouse.Context) (none struct{}, err error) {
			return none, s.on.post.PollSend(cx, to, letter{errand: e})
		}
	}
	return &dropping[int]{
		poll: func(cx *rouse.Context) (int, error) {
			if send != nil {
				if _, err := send.Poll(cx); err != nil {
					return 0, err
				}
				send = nil
			}
			return 0, s.done(e.poll(cx))
		},
		drop: func() {
			if send != nil {
				send.Drop()
			}
		},
	}
}

// errandBody is errand in direct style.
func (s *script) errandBody(ctx context.Context) (err error) {
	e := newErrand()
	switch way := s.rng.IntN(3); {
	case way == 0:
		err = s.w.r.errands.Send(s.away(ctx), e)
	case way == 1 || s.w.kind == "visitor": // who has no port
		err = s.on.errands.Send(ctx, e)
	default:
		err = s.on.post.Send(ctx, s.rng.IntN(len(s.w.r.sites)), letter{errand: e})
	}
	if err != nil {
		return err
	}
	_, err = rouse.Await[int](ctx, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) { return 0, e.poll(cx) }))
	return s.done(err)
}

// done counts an errand that was done, as err says.
func (s *script) done(err error) error {
	if err == nil {
		s.w.tally.Errands++
	}
	return err
}

// hire has somebody do errands in each place, until there are no more.
func (r *round) hire(st *site) {
	st.servers = append(st.servers,
		executor.Spawn[int](st.ex, r.doer()),
		executor.Spawn[int](st.ex, &postman{port: st.post, out: make([][]letter, st.post.Peers())}),
		executor.SpawnFiber(st.ex.Context(context.Background()), st.ex, func(ctx context.Context) (int, error) {
			return 0, doAll(ctx, st.errands.Recv)
		}))
}

// hireAbroad is hire for the Shared and a goroutine, which ends with ctx.
func (r *round) hireAbroad(ctx context.Context) {
	executor.SpawnSharedDetached[int](r.shared, r.doer())
	r.abroad.Go(func() {
		if err := doAll(ctx, r.errands.Recv); err != nil && ctx.Err() == nil {
			r.book.failf("a goroutine that does errands: %v", err)
		}
	})
}

// doer does the errands that are for anybody.
func (r *round) doer() rouse.Future[int] {
	f := r.errands.RecvFuture()
	return &dropping[int]{inner: &f, poll: func(cx *rouse.Context) (int, error) {
		for {
			e, err := f.Poll(cx)
			switch err {
			case nil:
				e.arrive()
			case channel.ErrClosed:
				return 0, nil
			default:
				return 0, err
			}
		}
	}}
}

// doAll does what recv receives.
func doAll(ctx context.Context, recv func(context.Context) (*errand, error)) error {
	for {
		e, err := recv(ctx)
		if errors.Is(err, channel.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		e.arrive()
	}
}
