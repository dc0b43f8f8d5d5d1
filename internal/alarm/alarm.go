// Package alarm ties a timer wheel to wakers and a clock: what an executor
// keeps and package timer's futures register with.
package alarm

import (
	"math"
	"unsafe"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/wheel"
)

// An Alarm wakes a waker when its deadline has come. It lives inside the future
// that waits; the zero Alarm is not set. 40 bytes.
type Alarm struct {
	entry wheel.Entry // first: the wheel gives back its address
	waker rouse.Waker
}

// Clock is a set of alarms and the clock they follow. Only for the executor's
// goroutine.
type Clock struct {
	wheel *wheel.Wheel
	now   Source
}

// A Source is a driver as far as it tells the time, in monotonic nanoseconds.
type Source interface{ Now() int64 }

// NewClock returns a Clock that reads now, and wakes at multiples of tick
// nanoseconds.
func NewClock(now Source, tick int64) *Clock {
	return &Clock{wheel: wheel.New(now.Now(), tick), now: now}
}

// Now reads the clock afresh.
func (c *Clock) Now() int64 { return c.now.Now() }

// Set arms a, which is not set, for deadline with cx's waker.
func (c *Clock) Set(a *Alarm, deadline int64, cx *rouse.Context) {
	a.waker = cx.Waker()
	c.wheel.Insert(&a.entry, deadline)
}

// Watch has a set alarm wake cx's waker from now on.
func (a *Alarm) Watch(cx *rouse.Context) {
	if !cx.WillWake(a.waker) {
		a.waker.Drop()
		a.waker = cx.Waker()
	}
}

// IsSet reports whether a is armed.
func (a *Alarm) IsSet() bool { return a.entry.Active() }

// Stop disarms a; it does nothing if a is not set.
func (c *Clock) Stop(a *Alarm) {
	if c.wheel.Remove(&a.entry) {
		a.waker.Drop()
		a.waker = rouse.Waker{}
	}
}

// Fire wakes every alarm that is due at now and returns how many there were.
func (c *Clock) Fire(now int64) int {
	n := 0
	for e := c.wheel.Expire(now); e != nil; e = c.wheel.Expire(now) {
		a := (*Alarm)(unsafe.Pointer(e))
		w := a.waker
		a.waker = rouse.Waker{}
		w.Wake()
		n++
	}
	return n
}

// Close disarms every alarm and drops its waker without waking. Setting one
// afterwards is harmless: it never fires.
func (c *Clock) Close() {
	for e := c.wheel.Expire(math.MaxInt64); e != nil; e = c.wheel.Expire(math.MaxInt64) {
		a := (*Alarm)(unsafe.Pointer(e))
		w := a.waker
		a.waker = rouse.Waker{}
		w.Drop()
	}
}

// Next returns when Fire should be called next; false if no alarm is set.
func (c *Clock) Next() (int64, bool) { return c.wheel.Next() }

// Len returns how many alarms are set.
func (c *Clock) Len() int { return c.wheel.Len() }
