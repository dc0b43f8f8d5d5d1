package durable

import (
	"context"

	"github.com/rouse-go/rouse"
)

// A signal wakes a fiber that waits for it. Notifications collapse. Only on the
// executor's goroutine.
type signal struct {
	waker rouse.Waker
	set   bool
}

func (s *signal) notify() {
	if !s.set {
		s.set = true
		s.waker.WakeByRef()
	}
}

// wait returns when notify was called since the last time.
func (s *signal) wait(ctx context.Context) error {
	_, err := rouse.Await[struct{}](ctx, s)
	return err
}

func (s *signal) Poll(cx *rouse.Context) (struct{}, error) {
	if s.set {
		s.set = false
		return struct{}{}, nil
	}
	if !cx.WillWake(s.waker) {
		s.waker.Drop()
		s.waker = cx.Waker()
	}
	return struct{}{}, rouse.Pending
}

// Drop is called when the wait ends early.
func (s *signal) Drop() {
	s.waker.Drop()
	s.waker = rouse.Waker{}
}
