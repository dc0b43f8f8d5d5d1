package timer

import (
	"context"
	"strconv"
	"time"

	"github.com/rouse-go/rouse"
)

// Policy says what an [Interval] does about ticks that were missed because
// nobody looked in time.
type Policy uint8

const (
	// Burst makes up for them: they come at once, one after the other, and the
	// schedule stays what it was.
	Burst Policy = iota
	// Delay starts the schedule anew from the tick that came late.
	Delay
	// Skip leaves them out: the next tick is the next one of the schedule that
	// is still to come.
	Skip
)

// An Interval ticks at a fixed period. It belongs to the executor that first
// polls it. Drop it when it is not polled any more.
type Interval struct {
	period int64
	policy Policy
	next   int64 // the instant of the next tick
	timer  Timer
	begun  bool // next is valid
	armed  bool // so is timer
}

// NewInterval returns an Interval. The first tick comes at once, the others a
// period apart. It panics if period is not positive.
func NewInterval(period time.Duration, policy Policy) *Interval {
	if period <= 0 {
		panic("rouse: Interval with a period of " + strconv.FormatInt(int64(period), 10) + " ns; give a positive one")
	}
	return &Interval{period: int64(period), policy: policy}
}

// Poll waits for the next tick and returns the instant for which it was due.
// Unlike other futures an Interval may be polled again after each result.
func (i *Interval) Poll(cx *rouse.Context) (int64, error) {
	if !i.begun {
		i.next, i.begun = clockOf(cx).Now(), true
		return i.advance(cx.Now()), nil
	}
	if !i.armed {
		i.timer, i.armed = MakeSleepUntil(i.next), true
	}
	if _, err := i.timer.Poll(cx); err != nil {
		return 0, err
	}
	i.armed = false
	return i.advance(cx.Now()), nil
}

// advance moves on to the tick after this one, which it returns.
func (i *Interval) advance(now int64) int64 {
	due := i.next
	now = max(now, due)
	switch i.policy {
	case Burst:
		i.next = later(due, i.period)
	case Delay:
		i.next = later(now, i.period)
	case Skip:
		i.next = later(now-(now-due)%i.period, i.period)
	}
	return due
}

// Drop gives up the interval's place in the wheel; it may be polled again.
func (i *Interval) Drop() {
	if i.armed {
		i.timer.Drop()
		i.armed = false
	}
}

// Tick waits for the next tick in direct style.
func (i *Interval) Tick(ctx context.Context) (int64, error) {
	return rouse.Await(ctx, rouse.Future[int64](i))
}
