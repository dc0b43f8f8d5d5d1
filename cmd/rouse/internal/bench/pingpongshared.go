package bench

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// sharedPinger and sharedPonger are pinger and ponger for tasks that move.
type sharedPinger struct {
	out  channel.MPMCSend[int]
	in   channel.MPMCRecv[int]
	n    int
	next int
	sent bool
	has  bool
}

func (p *sharedPinger) Poll(cx *rouse.Context) (int, error) {
	for p.next < p.n {
		if !p.sent {
			if !p.has {
				p.out.Set(p.next)
				p.has = true
			}
			if _, err := p.out.Poll(cx); err != nil {
				return 0, err
			}
			p.sent, p.has = true, false
		}
		v, err := p.in.Poll(cx)
		if err != nil {
			return 0, err
		}
		if v != p.next {
			return 0, wrongSequence(v, p.next)
		}
		p.sent = false
		p.next++
	}
	return p.next, nil
}

type sharedPonger struct {
	in   channel.MPMCRecv[int]
	out  channel.MPMCSend[int]
	n    int
	next int
	has  bool
}

func (p *sharedPonger) Poll(cx *rouse.Context) (int, error) {
	for p.next < p.n {
		if !p.has {
			v, err := p.in.Poll(cx)
			if err != nil {
				return 0, err
			}
			if v != p.next {
				return 0, wrongSequence(v, p.next)
			}
			p.out.Set(v)
			p.has = true
		}
		if _, err := p.out.Poll(cx); err != nil {
			return 0, err
		}
		p.has = false
		p.next++
	}
	return p.next, nil
}

func pingpongShared(m *Meter) error {
	return onShared(func(s *executor.Shared) error {
		there, back := channel.NewMPMC[int](1), channel.NewMPMC[int](1)
		// Both are started by a task, as one worker's; where they go from there is
		// the executor's business.
		match := func(n int) *sharedMatch { return &sharedMatch{s: s, there: there, back: back, n: n} }
		if _, err := untilShared(s, match(pingpongWarm)); err != nil {
			return err
		}
		m.Start()
		sum, err := untilShared(s, match(m.Size))
		m.Stop(m.Size)
		if err != nil {
			return err
		}
		return same("the number of messages", sum, 2*m.Size)
	})
}

// sharedMatch starts a pinger and a ponger and awaits both.
type sharedMatch struct {
	s           *executor.Shared
	there, back *channel.MPMC[int]
	n           int
	both        joinAll
}

func (g *sharedMatch) Poll(cx *rouse.Context) (int, error) {
	if g.both.hs == nil {
		ping := &sharedPinger{out: g.there.SendFuture(0), in: g.back.RecvFuture(), n: g.n}
		pong := &sharedPonger{in: g.there.RecvFuture(), out: g.back.SendFuture(0), n: g.n}
		ping.out.Take()
		pong.out.Take()
		g.both.hs = []rouse.JoinHandle[int]{executor.SpawnShared[int](g.s, ping), executor.SpawnShared[int](g.s, pong)}
	}
	return g.both.Poll(cx)
}
