package main

import (
	"errors"
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

// A door is what may be closed in the midst of a program: a channel, or one
// direction of one.
type door struct{ closing, closed atomic.Bool }

func (d *door) shut(close func()) {
	d.closing.Store(true)
	close()
	d.closed.Store(true)
}

// errDeclined says that a channel was closed, or would have had a step wait that
// has no patience.
var errDeclined = errors.New("declined")

// answer judges the answer of a channel: whether it was closed before it was
// asked, so that it must decline, and whether it may have been closed since.
func (s *script) answer(err error, closed, mayBeClosed bool) error {
	switch {
	case err == nil && closed:
		return errors.New("a channel goes on that was closed")
	case err == channel.ErrClosed && !mayBeClosed:
		return errors.New("a channel says that it is closed, and nobody has closed it")
	case err == channel.ErrClosed, err == channel.ErrFull, err == channel.ErrEmpty:
		return errDeclined
	}
	return err
}

// hangUp closes something, seldom.
func (s *script) hangUp() rouse.Future[int] {
	r := s.w.r
	y := s.yield()
	if s.rng.IntN(6) > 0 {
		return y
	}
	if s.on == nil || s.rng.IntN(3) == 0 {
		r.mpmcDoor.shut(r.mpmc.Close)
		return y
	}
	if st := s.on; s.rng.IntN(2) == 0 {
		st.mute.shut(st.port.CloseSend)
	} else {
		st.mute.shut(func() { st.deaf.shut(st.port.Close) })
	}
	return y
}
