package main

import (
	"context"
	"slices"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/executor"
)

// A message goes through the mesh from one site to another.
type message struct {
	from, to int
	n        int // its number among those of from
	key      int // whose owner is to, or -1
}

// A node is what a site has of the mesh. Each side of a pair notes what it has
// seen, on its own loop, so that nothing but the mesh puts the two in an order;
// when all is over, what has come must be the beginning of what went.
type node struct {
	port       *channel.Port[message]
	sharded    *channel.Sharded[int, message]
	sends      []int // whom it may send to
	receives   bool
	next       int     // the number of its next message
	went, came [][]int // numbers of messages, by peer
	mute, deaf door    // CloseSend, and Close, which is both
}

// connect puts the sites into a mesh. The first one both sends and receives.
func (r *round) connect() {
	peers := make([]channel.Peer, len(r.sites))
	var receivers []int
	for i, st := range r.sites {
		peers[i].Executor = st.ex
		if i > 0 {
			peers[i].Role = one(r.rng, []channel.Role{channel.Both, channel.Both, channel.Sends, channel.Receives})
		}
		if st.receives = peers[i].Role != channel.Sends; st.receives {
			receivers = append(receivers, i)
		}
	}
	m, post := channel.NewMesh[message](1+r.rng.IntN(8), peers...), channel.FullMesh[letter](1+r.rng.IntN(3), r.executors())
	for i, st := range r.sites {
		st.port, st.post = m.Port(i), post.Port(i)
		st.went, st.came = make([][]int, m.Len()), make([][]int, m.Len())
		if peers[i].Role != channel.Receives {
			st.sends = receivers
			st.sharded = channel.NewSharded(st.port, func(key int) uint64 { return uint64(key) })
		}
	}
}

// executors are those of the sites.
func (r *round) executors() (all []*executor.Local) {
	for _, st := range r.sites {
		all = append(all, st.ex)
	}
	return all
}

// compose makes a message to somebody, at times to the owner of a key.
func (s *script) compose() message {
	st := s.on
	m := message{from: st.port.Index(), to: one(s.rng, st.sends), n: st.next, key: -1}
	st.next++
	if s.rng.IntN(2) == 0 {
		m.key = s.rng.IntN(100)
		m.to = st.sharded.Owner(m.key)
	}
	return m
}

// posted notes that ms went.
func (s *script) posted(ms ...message) {
	for _, m := range ms {
		s.on.went[m.to] = append(s.on.went[m.to], m.n)
		s.w.tally.Messages++
	}
}

// came notes that m was received from a peer.
func (r *round) came(st *site, m message, from int) {
	me := st.port.Index()
	if m.from != from || m.to != me || m.key >= 0 && st.sharded != nil && !st.sharded.Owns(m.key) {
		r.book.failf("%+v came to peer %d from %d", m, me, from)
		return
	}
	st.came[from] = append(st.came[from], m.n)
}

// muteTo reports whether site st can't send to a peer, and whether that may be.
func (r *round) muteTo(st *site, to int) (is, may bool) {
	other := r.sites[to]
	return st.mute.closed.Load() || other.deaf.closed.Load(),
		st.mute.closing.Load() || other.deaf.closing.Load() || r.ending.Load()
}

// mayBeDeaf reports whether site st may be told that nothing can come any more.
func (r *round) mayBeDeaf(st *site) bool {
	return r.ending.Load() || st.deaf.closing.Load() ||
		!slices.ContainsFunc(r.sites, func(from *site) bool { return len(from.sends) > 0 && !from.mute.closing.Load() })
}

// sendMesh sends some messages to one peer.
func (s *script) sendMesh() rouse.Future[int] {
	st, r := s.on, s.w.r
	if len(st.sends) == 0 {
		return s.yield()
	}
	rest := []message{s.compose()}
	to := rest[0].to
	for range s.rng.IntN(4) {
		rest = append(rest, message{from: rest[0].from, to: to, n: st.next, key: -1})
		st.next++
	}
	return s.hurried(rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		for len(rest) > 0 {
			closed, _ := r.muteTo(st, to) // before it is asked
			n, err := st.port.PollSendMany(cx, to, rest)
			s.posted(rest[:n]...)
			rest = rest[n:]
			_, may := r.muteTo(st, to)
			if err = s.answer(err, closed, may); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}))
}

// recvMesh receives one message, or several of one peer.
func (s *script) recvMesh() rouse.Future[int] {
	st, r := s.on, s.w.r
	if !st.receives {
		return s.yield()
	}
	buf := make([]message, s.rng.IntN(4))
	return s.hurried(rouse.FutureFunc[int](func(cx *rouse.Context) (n int, err error) {
		closed := st.deaf.closed.Load()
		from, got := 0, buf
		if len(buf) == 0 {
			var m message
			m, from, err = st.port.PollRecv(cx)
			got, n = []message{m}, 1
		} else {
			n, from, err = st.port.PollRecvMany(cx, buf)
		}
		if err == nil {
			for _, m := range got[:n] {
				r.came(st, m, from)
			}
		}
		return 0, s.answer(err, closed, r.mayBeDeaf(st))
	}))
}

func (s *script) sendMeshBody(ctx context.Context) error {
	st, r := s.on, s.w.r
	if len(st.sends) == 0 {
		return nil
	}
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	m := s.compose()
	closed, _ := r.muteTo(st, m.to) // before it is asked
	var err error
	if m.key >= 0 {
		err = st.sharded.Send(ctx, m.key, m)
	} else {
		err = st.port.Send(ctx, m.to, m)
	}
	if err == nil {
		s.posted(m)
	}
	_, may := r.muteTo(st, m.to)
	return s.answer(err, closed, may)
}

func (s *script) recvMeshBody(ctx context.Context) error {
	st, r := s.on, s.w.r
	if !st.receives {
		return nil
	}
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	closed := st.deaf.closed.Load()
	m, from, err := st.port.Recv(ctx)
	if err == nil {
		r.came(st, m, from)
	}
	return s.answer(err, closed, r.mayBeDeaf(st))
}

// disconnect receives what nobody has received, when nobody sends any more, and
// closes the ports: or their tasks would stay.
func (r *round) disconnect(st *site) {
	for st.receives {
		m, from, err := st.port.TryRecv()
		if err != nil {
			break
		}
		r.came(st, m, from)
	}
	st.port.Close()
	st.post.Close()
}

// compare compares what came through the mesh with what went, when all is over.
func (r *round) compare() {
	for i, from := range r.sites {
		for j, to := range r.sites {
			if from.port == nil {
				return // it has not begun
			}
			went, came := from.went[j], to.came[i]
			switch {
			case len(came) > len(went) || !slices.Equal(came, went[:len(came)]):
				r.book.failf("messages %v went from peer %d to %d, and %v came", went, i, j, came)
			case len(came) < len(went) && !r.ending.Load() && !to.deaf.closing.Load():
				r.book.failf("messages %v from peer %d to %d are lost", went[len(came):], i, j)
			}
		}
	}
}
