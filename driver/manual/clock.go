package manual

import (
	"fmt"
	"time"

	"github.com/rouse-go/rouse/internal/atomics"
)

// A clock goes only forward, and only when told. A reading pairs with the
// compare-and-swap that moved it.
type clock struct{ now atomics.Int64 }

func (c *clock) read() int64 { return c.now.Load() }

// raise moves the clock to t unless it is there already.
func (c *clock) raise(t int64) {
	for {
		now := c.now.Load()
		if now >= t || c.now.CompareAndSwap(now, t) {
			return
		}
	}
}

// Now reads the manual clock. It may be called from any goroutine.
func (d *Driver) Now() int64 { return d.clock.read() }

// Wall is Config.Wall plus what the manual clock reads. It may be called from
// any goroutine.
func (d *Driver) Wall() time.Time { return d.cfg.Wall.Add(time.Duration(d.clock.read())) }

// Advance moves the clock on and ends a Park, so that the executor looks at its
// timers. It may be called from any goroutine. It panics if by is negative.
func (d *Driver) Advance(by time.Duration) {
	if by < 0 {
		panic(fmt.Sprintf("rouse: manual: Advance by %v; time goes forward only", by))
	}
	d.clock.now.Add(int64(by))
	d.bell.Ring()
}

// AdvanceTo moves the clock to t, a reading of Now, and ends a Park. If the
// clock is there already it stays. It may be called from any goroutine.
func (d *Driver) AdvanceTo(t int64) {
	d.clock.raise(t)
	d.bell.Ring()
}
