// Package clock is the monotonic clock of the drivers that sleep in real time.
package clock

import (
	"time"

	"github.com/rouse-go/rouse/driver"
)

// A Clock counts from when New made it.
type Clock struct{ start time.Time }

// New returns a Clock that begins at 0.
func New() Clock { return Clock{time.Now()} }

// Now returns the nanoseconds of the monotonic clock since New.
func (c *Clock) Now() int64 { return int64(time.Since(c.start)) }

// Left returns how long a Park until then may sleep, in nanoseconds: 0 for not
// at all, Forever for without limit.
func (c *Clock) Left(until int64) int64 {
	if until == driver.Forever {
		return driver.Forever
	}
	if until <= 0 {
		return 0 // spares the look at the clock
	}
	return max(0, until-c.Now())
}
