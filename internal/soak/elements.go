package main

import (
	"context"

	"github.com/rouse-go/rouse"
)

// sending notes how the send of element n by f ends.
func (s *script) sending(f rouse.Future[struct{}], n int) rouse.Future[int] {
	return s.hurried(&dropping[int]{inner: f, poll: func(cx *rouse.Context) (int, error) {
		_, err := f.Poll(cx)
		return 0, s.sent(n, err)
	}})
}

// sent notes that element n was sent, unless err says that it was not.
func (s *script) sent(n int, err error) error {
	if err == nil {
		s.w.tally.Sent++
		s.w.r.book.sent(n)
	}
	return err
}

// receiving notes what f receives.
func (s *script) receiving(f rouse.Future[int]) rouse.Future[int] {
	return s.hurried(&dropping[int]{inner: f, poll: func(cx *rouse.Context) (int, error) {
		n, err := f.Poll(cx)
		return 0, s.received(n, err)
	}})
}

// received notes that element n was received, unless err says that none was.
func (s *script) received(n int, err error) error {
	if err == nil {
		s.w.tally.Received++
		s.w.r.book.got(n)
	}
	return err
}

func (s *script) sendBounded() rouse.Future[int] {
	n, ok := s.element()
	if !ok {
		return s.yield()
	}
	f := s.on.bounded.SendFuture(n)
	return s.sending(&f, n)
}

func (s *script) recvBounded() rouse.Future[int] {
	f := s.on.bounded.RecvFuture()
	return s.receiving(&f)
}

func (s *script) sendBoundedBody(ctx context.Context) error {
	n, ok := s.element()
	if !ok {
		return nil
	}
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	return s.sent(n, s.on.bounded.Send(ctx, n))
}

func (s *script) recvBoundedBody(ctx context.Context) error {
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	return s.received(s.on.bounded.Recv(ctx))
}

// sendMPMC sends to those of all executors, and to goroutines: with a place in
// the line, without one, or not at all if it had to wait.
func (s *script) sendMPMC() rouse.Future[int] {
	n, ok := s.element()
	if !ok {
		return s.yield()
	}
	c, d := s.w.r.mpmc, &s.w.r.mpmcDoor
	f := c.SendFuture(n)
	way := s.rng.IntN(3)
	return s.sending(&dropping[struct{}]{inner: &f, poll: func(cx *rouse.Context) (none struct{}, err error) {
		closed := d.closed.Load() // before it begins
		switch way {
		case 0:
			_, err = f.Poll(cx)
		case 1:
			err = c.PollSend(cx, n)
		default:
			err = c.TrySend(n)
		}
		return none, s.answer(err, closed, d.closing.Load())
	}}, n)
}

func (s *script) recvMPMC() rouse.Future[int] {
	c, d := s.w.r.mpmc, &s.w.r.mpmcDoor
	f := c.RecvFuture()
	way := s.rng.IntN(3)
	return s.receiving(&dropping[int]{inner: &f, poll: func(cx *rouse.Context) (n int, err error) {
		switch way {
		case 0:
			n, err = f.Poll(cx)
		case 1:
			n, err = c.PollRecv(cx)
		default:
			n, err = c.TryRecv()
		}
		return n, s.answer(err, false, d.closing.Load())
	}})
}

func (s *script) sendMPMCBody(ctx context.Context) error {
	n, ok := s.element()
	if !ok {
		return nil
	}
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	d := &s.w.r.mpmcDoor
	closed := d.closed.Load() // before it begins
	err := s.w.r.mpmc.Send(s.away(ctx), n)
	return s.sent(n, s.answer(err, closed, d.closing.Load()))
}

func (s *script) recvMPMCBody(ctx context.Context) error {
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	n, err := s.w.r.mpmc.Recv(s.away(ctx))
	return s.received(n, s.answer(err, false, s.w.r.mpmcDoor.closing.Load()))
}

// away takes the executor out of a goroutine's ctx at times, so that it waits by
// itself.
func (s *script) away(ctx context.Context) context.Context {
	if s.w.kind == "visitor" && s.rng.IntN(2) == 0 {
		return rouse.WithExecutor(ctx, nil)
	}
	return ctx
}
