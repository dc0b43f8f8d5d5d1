package server

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
)

// A session of one shard among several does what one of a single shard does, but
// between executing requests and sending the replies it may have to wait for
// other shards. It has one batch under way at most, so replies stay in order, and
// nothing is executed while some are unsent.

// route is execute with several shards.
func (s *session) route(cx *rouse.Context, in []byte, shared bool) error {
	b := s.srv.shard.batch()
	n, more := s.client.Route(s.srv.now(), in, b)
	s.ready = more
	if n > 0 || shared {
		s.keep(in[n:], shared)
	}
	s.srv.expiry.look()
	out, all := b.AtHome()
	if !all {
		s.batch = b
		if s.srv.holds() {
			s.hold(nil) // for what was done at home; the other shards wait for theirs
			if b.Tells() {
				return nil // gather sends it off: they can't know what it tells of
			}
		}
		s.dispatch()
		return nil
	}
	var err error
	if len(out) == 0 && s.srv.overrun() {
		s.hold(nil)
	}
	if len(out) > 0 {
		out = append(s.srv.scratch.output(), out...)
		if err = s.send(cx, out); err == rouse.Pending {
			err = nil // flush waits
		}
	}
	s.srv.shard.done(b)
	return err
}

// dispatch sends the batch's parcels to their shards.
func (s *session) dispatch() {
	for p := range s.batch.Parcels {
		s.away++
		s.srv.shard.post(p.Shard, message{kind: serve, parcel: p, session: s})
	}
}

// returned takes a parcel back.
func (s *session) returned() {
	s.away--
	if s.away == 0 && s.batch != nil {
		s.waker.WakeByRef()
	}
}

// gather sends the replies when all parcels are back, and then the parcels again
// that have more.
func (s *session) gather(cx *rouse.Context) error {
	if s.away > 0 {
		return rouse.Pending
	}
	if err := s.batch.Err(); err == errEnding {
		return err
	} else if err != nil {
		s.lose(err)
		return s.flush(cx)
	}
	out, done := s.batch.Merge(s.srv.now(), s.srv.scratch.output())
	b, tells := s.batch, s.batch.Tells()
	if done {
		s.batch = nil
		s.srv.shard.done(b)
	}
	var err error
	switch {
	case len(out) == 0:
	case tells: // there may be pushes in it, and so news of what is not durable yet
		err = s.send(cx, out)
	default: // nothing is to be waited for any more
		err = s.write(cx, out)
	}
	if err != nil {
		return err // later the rest
	}
	if !done {
		s.dispatch()
		return rouse.Pending
	}
	return nil
}

// keepBatches is how many batches a shard keeps for sessions that will need one.
const keepBatches = 64

// batch returns an empty batch.
func (h *shard) batch() *engine.Batch {
	if n := len(h.batches); n > 0 {
		b := h.batches[n-1]
		h.batches = h.batches[:n-1]
		return b
	}
	return &engine.Batch{}
}

// done takes a batch back whose replies are all merged.
func (h *shard) done(b *engine.Batch) {
	b.Reset()
	if len(h.batches) < keepBatches {
		h.batches = append(h.batches, b)
	}
}
