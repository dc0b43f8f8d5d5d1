package server

import (
	"context"
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/timer"
)

// errEnding comes back with a parcel that was not executed any more.
var errEnding = errors.New("kvd: the server ends")

// How long the end waits: for replies that come back from other shards, which they
// do at once, and for clients that do not read.
const (
	maxGather = 10 * time.Second
	maxDrain  = 100 * time.Millisecond
)

// drained is a future of the moment, after the log's end, when all sessions have
// their replies, or have sent them. A session that has something unsent does not
// wait for other shards, though it may have a batch: that has more for it, which
// it would ask for when its client has read.
type drained struct {
	srv   *Server
	waker rouse.Waker
	sent  bool
}

// drain waits for both.
func (s *Server) drain(ctx context.Context) error {
	s.drained.srv, s.drained.sent = s, false
	err := s.drained.within(ctx, maxGather)
	s.drained.sent = true
	return errors.Join(err, s.drained.within(ctx, maxDrain))
}

func (d *drained) within(ctx context.Context, limit time.Duration) error {
	ctx, cancel := timer.WithTimeout(ctx, limit)
	defer cancel()
	_, err := rouse.Await[struct{}](ctx, d)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

func (d *drained) Poll(cx *rouse.Context) (struct{}, error) {
	if !cx.WillWake(d.waker) {
		d.waker.Drop()
		d.waker = cx.Waker()
	}
	for _, s := range d.srv.sessions {
		unsent := len(s.unsent) > 0
		if s.position != 0 || s.batch != nil && !unsent || d.sent && unsent {
			return struct{}{}, rouse.Pending
		}
	}
	return struct{}{}, nil
}

// look is called when a session may have sent something.
func (d *drained) look() { d.waker.WakeByRef() }

// Drop is called when the time is up.
func (d *drained) Drop() {
	d.waker.Drop()
	d.waker = rouse.Waker{}
}
