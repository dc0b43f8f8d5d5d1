package timer

import (
	"math"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/alarm"
)

// A Timer is a future that is over when its time has come: what [Sleep] and
// [SleepUntil] return. It may be held by value inside another future, see
// [MakeSleep], but must not be copied once it has been polled. The zero Timer
// is over at its first poll. It is 56 bytes.
type Timer struct {
	alarm alarm.Alarm
	clock *alarm.Clock // nil before the first poll
	when  int64        // a duration, or one of the two below
}

const (
	isInstant = math.MinInt64     // when = isInstant + the instant
	isOver    = math.MinInt64 / 2 // instants are at most half the range: 146 years
)

// Sleep returns a Timer of duration d, counted from its first poll. It is over
// at once if d is not positive.
func Sleep(d time.Duration) *Timer {
	t := MakeSleep(d)
	return &t
}

// MakeSleep is [Sleep] by value, to be held inside another future or to be
// spawned without an allocation of its own.
func MakeSleep(d time.Duration) Timer { return Timer{when: int64(max(d, 0))} }

// SleepUntil returns a Timer that is over when cx.Now() has reached instant.
func SleepUntil(instant int64) *Timer {
	t := MakeSleepUntil(instant)
	return &t
}

// MakeSleepUntil is [SleepUntil] by value.
func MakeSleepUntil(instant int64) Timer {
	return Timer{when: isInstant + min(max(instant, 0), -(isOver+1))}
}

// Poll returns once the time has come.
func (t *Timer) Poll(cx *rouse.Context) (struct{}, error) {
	if t.clock == nil {
		return struct{}{}, t.start(cx)
	}
	if t.alarm.IsSet() {
		t.alarm.Watch(cx)
		return struct{}{}, rouse.Pending
	}
	return struct{}{}, t.finish()
}

func (t *Timer) start(cx *rouse.Context) error {
	if t.when == isOver {
		panic("rouse: Timer polled after its result; make a new one with timer.Sleep")
	}
	var deadline int64
	if t.when < 0 {
		deadline = t.when - isInstant
		if deadline <= cx.Now() {
			return t.finish()
		}
		t.clock = clockOf(cx)
	} else {
		if t.when == 0 {
			return t.finish()
		}
		t.clock = clockOf(cx)
		deadline = later(t.clock.Now(), t.when)
	}
	t.clock.Set(&t.alarm, deadline, cx)
	return rouse.Pending
}

func (t *Timer) finish() error {
	t.clock, t.when = nil, isOver
	return nil
}

// Drop gives up the timer's place in the wheel.
func (t *Timer) Drop() {
	if t.clock != nil {
		t.clock.Stop(&t.alarm)
	}
	t.finish()
}

// later adds a duration to an instant; the end of time is as late as it gets.
func later(instant, d int64) int64 {
	if sum := instant + d; sum >= instant {
		return sum
	}
	return math.MaxInt64
}
