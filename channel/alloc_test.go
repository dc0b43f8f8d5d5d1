package channel_test

import (
	"context"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// pingPoll sends a message to out and waits for it on in, in poll form.
type pingPoll struct {
	in, out *channel.Bounded[int]
	n       int
	waits   bool
}

func (p *pingPoll) Poll(cx *rouse.Context) (int, error) {
	for p.n > 0 {
		if !p.waits {
			if err := p.out.PollSend(cx, p.n); err != nil {
				return 0, err
			}
			p.waits = true
		}
		if _, err := p.in.PollRecv(cx); err != nil {
			return 0, err
		}
		p.waits = false
		p.n--
	}
	return 0, nil
}

// echoPoll sends on out what it receives from in, in poll form.
type echoPoll struct {
	in, out *channel.Bounded[int]
	v       int
	full    bool
}

func (e *echoPoll) Poll(cx *rouse.Context) (int, error) {
	for {
		if !e.full {
			v, err := e.in.PollRecv(cx)
			if err != nil {
				return 0, err
			}
			e.v, e.full = v, true
		}
		if err := e.out.PollSend(cx, e.v); err != nil {
			return 0, err
		}
		e.full = false
	}
}

// pingFuture and echoFuture do the same with futures, which have a place in the
// line.
type pingFuture struct {
	in    channel.BoundedRecv[int]
	out   channel.BoundedSend[int]
	n     int
	waits bool
}

func (p *pingFuture) Poll(cx *rouse.Context) (int, error) {
	for p.n > 0 {
		if !p.waits {
			if _, err := p.out.Poll(cx); err != nil {
				return 0, err
			}
			p.waits = true
		}
		if _, err := p.in.Poll(cx); err != nil {
			return 0, err
		}
		p.waits = false
		p.out.Set(p.n)
		p.n--
	}
	return 0, nil
}

func (p *pingFuture) Drop() { p.in.Drop(); p.out.Drop() }

type echoFuture struct {
	in   channel.BoundedRecv[int]
	out  channel.BoundedSend[int]
	full bool
}

func (e *echoFuture) Poll(cx *rouse.Context) (int, error) {
	for {
		if !e.full {
			v, err := e.in.Poll(cx)
			if err != nil {
				return 0, err
			}
			e.out.Set(v)
			e.full = true
		}
		if _, err := e.out.Poll(cx); err != nil {
			return 0, err
		}
		e.full = false
	}
}

func (e *echoFuture) Drop() { e.in.Drop(); e.out.Drop() }

// pair starts a ping and an echo on l and returns how to have n round trips.
func pairPoll(l *executor.Local) func(n int) {
	a, b := channel.NewBounded[int](1), channel.NewBounded[int](1)
	executor.SpawnDetached(l, rouse.Future[int](&echoPoll{in: a, out: b}))
	ping := &pingPoll{in: b, out: a}
	return func(n int) {
		ping.n = n
		executor.SpawnDetached(l, rouse.Future[int](ping))
		l.RunUntilIdle()
	}
}

func pairFuture(l *executor.Local) func(n int) {
	a, b := channel.NewBounded[int](1), channel.NewBounded[int](1)
	none := a.SendFuture(0)
	none.Take()
	echo := &echoFuture{in: a.RecvFuture(), out: b.SendFuture(0)}
	echo.out.Take()
	executor.SpawnDetached(l, rouse.Future[int](echo))
	ping := &pingFuture{in: b.RecvFuture(), out: a.SendFuture(0)}
	return func(n int) {
		ping.n = n
		executor.SpawnDetached(l, rouse.Future[int](ping))
		l.RunUntilIdle()
	}
}

func TestPingPongAllocatesNothing(t *testing.T) {
	for name, pair := range map[string]func(*executor.Local) func(int){"poll": pairPoll, "future": pairFuture} {
		t.Run(name, func(t *testing.T) {
			roundTrips := pair(newLocal(t))
			roundTrips(10)
			start := testing.AllocsPerRun(20, func() { roundTrips(0) }) // the executor's own
			if n := testing.AllocsPerRun(20, func() { roundTrips(1000) }); n != start {
				t.Errorf("%v allocations in 1000 round trips", n-start)
			}
		})
	}
}

// pairFiber is the same with two fibers; it must run in one.
func pairFiber(ctx context.Context, l *executor.Local) func(n int) {
	a, b := channel.NewBounded[int](1), channel.NewBounded[int](1)
	goFiber(ctx, l, func(ctx context.Context) {
		for {
			v, err := a.Recv(ctx)
			if err != nil || b.Send(ctx, v) != nil {
				return
			}
		}
	})
	return func(n int) {
		for i := range n {
			a.Send(ctx, i)
			b.Recv(ctx)
		}
	}
}

func TestFiberPingPongAllocatesNothing(t *testing.T) {
	mustKnowGoroutines(t) // else every ctx form goes the long way
	run(t, func(ctx context.Context, l *executor.Local) {
		roundTrips := pairFiber(ctx, l)
		roundTrips(10)
		if n := testing.AllocsPerRun(20, func() { roundTrips(1000) }); n != 0 {
			t.Errorf("%v allocations in 1000 round trips", n)
		}
		var o channel.Oneshot[int]
		n := testing.AllocsPerRun(100, func() {
			o.Bind(l)
			o.TrySend(1)
			o.Recv(ctx)
			o.Reset()
		})
		if n != 0 {
			t.Errorf("Oneshot: %v allocations", n)
		}
	})
}

func TestContentionAllocatesNothing(t *testing.T) {
	// Several tasks on each side, in both forms, after a while.
	c := channel.NewBounded[int](2)
	var hands [8]*hand
	for i := range hands {
		hands[i] = newHand()
	}
	var recvs [4]channel.BoundedRecv[int]
	for i := range recvs {
		recvs[i] = c.RecvFuture()
	}
	n := testing.AllocsPerRun(100, func() {
		for i := range 4 {
			c.PollRecv(hands[i].cx)
			recvs[i].Poll(hands[4+i].cx)
		}
		c.TrySend(1)
		c.TrySend(2)
		for i := range 4 {
			recvs[i].Drop()
			c.TryRecv()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
