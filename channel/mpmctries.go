package channel

import (
	"errors"

	"github.com/rouse-go/rouse/internal/mpmc"
)

// TrySend sends v if that can be done without waiting; else it returns
// [ErrFull], or [ErrClosed] after Close. From anywhere.
func (c *MPMC[T]) TrySend(v T) error {
	c.mustBeMade()
	err := c.send1(v)
	for pause := shortest; err == ErrFull && pause <= longest && !c.ring.Full(); pause *= 2 {
		mpmc.Spin(pause)
		err = c.send1(v)
	}
	return err
}

// TryRecv receives an element if that can be done without waiting; else it
// returns [ErrEmpty], or [ErrClosed] if the channel is closed and drained. From
// anywhere.
func (c *MPMC[T]) TryRecv() (v T, err error) {
	c.mustBeMade()
	v, err = c.recv1()
	for pause := shortest; err == ErrEmpty && pause <= longest && !c.ring.Empty(); pause *= 2 {
		mpmc.Spin(pause)
		v, err = c.recv1()
	}
	return v, err
}

// What a send has put into the ring may be seen a moment after the send has
// returned, see [mpmc.Ring.Loose]: when the processor has emptied its store
// buffer, which it does as fast as it can, in less than a microsecond. So that
// nobody can tell, a try that finds a place taken and not filled looks again, for
// some 30 µs in all, before it takes the other for one that was preempted in the
// midst. People build waiting on that: say that you sleep, try once more, sleep.
const (
	shortest = 1 << 8
	longest  = 1 << 16
)

// send1 sends v if there is room that can be seen. Who loses to another stands
// back for a moment, and tries again.
func (c *MPMC[T]) send1(v T) error {
	for try := 0; ; try++ {
		if err := c.offer(v); err != errLost {
			return err
		}
		c.ring.StandBack(try)
	}
}

// recv1 receives an element if one can be seen.
func (c *MPMC[T]) recv1() (v T, err error) {
	for try := 0; ; try++ {
		if v, err = c.take(); err != errLost {
			return v, err
		}
		c.ring.StandBack(try)
	}
}

// errLost says that another was quicker. Nobody outside gets to see it.
var errLost = errors.New("rouse: channel: another was quicker")

// offer is one attempt to send v.
func (c *MPMC[T]) offer(v T) error {
	switch c.ring.Offer(v) {
	case mpmc.Done:
		c.sent()
		return nil
	case mpmc.Lost:
		return errLost
	}
	if c.ring.Closed() {
		return ErrClosed
	}
	return ErrFull
}

// take is one attempt to receive.
func (c *MPMC[T]) take() (v T, err error) {
	v, how := c.ring.Take()
	switch {
	case how == mpmc.Done:
		c.received()
		return v, nil
	case how == mpmc.Lost:
		return v, errLost
	case c.ring.Drained():
		return v, ErrClosed
	}
	return v, ErrEmpty
}
