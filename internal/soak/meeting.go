package main

import (
	"sync"

	"github.com/rouse-go/rouse"
)

// A meeting is over when as many as were expected have arrived.
type meeting struct {
	mu     sync.Mutex
	n      int
	wakers []rouse.Waker
}

func (m *meeting) arrive() {
	m.mu.Lock()
	m.n--
	var wakers []rouse.Waker
	if m.n == 0 {
		wakers = m.wakers
	}
	m.mu.Unlock()
	for _, w := range wakers {
		w.Wake()
	}
}

// poll returns nil when it is over, or Pending.
func (m *meeting) poll(cx *rouse.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n > 0 {
		m.wakers = append(m.wakers, cx.Waker())
		return rouse.Pending
	}
	return nil
}
