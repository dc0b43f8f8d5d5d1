package main

import (
	"github.com/rouse-go/rouse"
)

// sending is a send of element n through f.
func (s *script) sending(f rouse.Future[struct{}], n int) rouse.Future[int] {
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
		_, err := f.Poll(cx)
		if err == nil {
			s.w.tally.Sent++
			s.w.r.book.sent(n)
		}
		return 0, err
	}}
}

// receiving is a receive through f.
func (s *script) receiving(f rouse.Future[int]) rouse.Future[int] {
	return &dropping{inner: f, poll: func(cx *rouse.Context) (int, error) {
		n, err := f.Poll(cx)
		if err == nil {
			s.w.tally.Received++
			s.w.r.book.got(n)
		}
		return 0, err
	}}
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

func (s *script) sendMPMC() rouse.Future[int] {
	n, ok := s.element()
	if !ok {
		return s.yield()
	}
	f := s.w.r.mpmc.SendFuture(n)
	return s.sending(&f, n)
}

func (s *script) recvMPMC() rouse.Future[int] {
	f := s.w.r.mpmc.RecvFuture()
	return s.receiving(&f)
}
