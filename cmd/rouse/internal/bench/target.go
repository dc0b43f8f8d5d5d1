package bench

import (
	"sync/atomic"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
)

// What the wake benchmarks wake.

// target is a task that waits for wakes and counts them. Its waker stands where
// the waking side finds it. After end it is over at the next poll.
type target struct {
	waker rouse.Waker
	polls int
	end   bool
}

func (t *target) Poll(cx *rouse.Context) (int, error) {
	t.polls++
	if t.end {
		t.waker.Drop()
		return t.polls, nil
	}
	if !cx.WillWake(t.waker) {
		t.waker.Drop()
		t.waker = cx.Waker()
	}
	return 0, rouse.Pending
}

// wakeWarm is how many wakes come before the clock starts.
const wakeWarm = 1000

// onTarget measures wake, which wakes a target times times and lets it be polled
// after each.
func onTarget(m *Meter, wake func(l *executor.Local, t *target, times int) error) error {
	return onLocal(func(l *executor.Local) error {
		t := new(target)
		h := executor.Spawn[int](l, t)
		if err := l.RunUntilIdle(); err != nil {
			return err
		}
		if err := m.measure(wakeWarm, func(times int) error { return wake(l, t, times) }); err != nil {
			return err
		}
		t.end = true
		t.waker.WakeByRef()
		polls, err := executor.RunUntil[int](l, h)
		if err != nil {
			return err
		}
		return same("the number of polls", polls, 1+wakeWarm+m.Size+1)
	})
}

// notice is what a fiber awaits to be woken once: it is over when it is polled
// because of a wake. The waker is kept from one await to the next.
type notice struct {
	waker rouse.Waker
	armed bool
}

func (n *notice) Poll(cx *rouse.Context) (struct{}, error) {
	if n.armed {
		n.armed = false
		return struct{}{}, nil
	}
	n.armed = true
	if !cx.WillWake(n.waker) {
		n.waker.Drop()
		n.waker = cx.Waker()
	}
	return struct{}{}, rouse.Pending
}

// listener is a goroutine that waits for tokens and counts them.
type listener struct {
	token chan struct{} // of capacity 1; closed to end it
	count atomic.Int64
	ended chan struct{}
}

func newListener() *listener {
	return &listener{token: make(chan struct{}, 1), ended: make(chan struct{})}
}

func (s *listener) run() {
	for range s.token {
		s.count.Add(1)
	}
	close(s.ended)
}
