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

// maxDrain bounds how long the end waits for clients that do not read.
const maxDrain = time.Second

// drained is a future of the moment, after the log's end, when no session has
// anything left to be sent.
type drained struct {
	srv   *Server
	waker rouse.Waker
}

// drain waits for it.
func (s *Server) drain(ctx context.Context) error {
	s.drained.srv = s
	ctx, cancel := timer.WithTimeout(ctx, maxDrain)
	defer cancel()
	_, err := rouse.Await[struct{}](ctx, &s.drained)
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
		if s.batch != nil || s.position != 0 || len(s.unsent) > 0 {
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
