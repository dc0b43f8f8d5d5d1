package portable

import (
	"time"

	"github.com/rouse-go/rouse/driver"
)

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close.
func (d *Driver) Unpark() { d.bell.Ring() }

// Park sleeps and reaps; see [driver.Driver].
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	n := d.reap()
	for {
		if d.bell.Taken() {
			return n + d.reap(), nil
		}
		left := d.clock.Left(until)
		if n > 0 || left == 0 {
			return n, nil
		}
		if left == driver.Forever {
			left = -1 // no limit, as the bell has it
		}
		told := d.bell.Sleep(time.Duration(left))
		if n = d.reap(); told {
			return n, nil
		}
	}
}

// Hang has Park look at b; what ends its sleep is an Unpark.
func (d *Driver) Hang(b *driver.Doorbell) (watched bool, err error) {
	if d.closed {
		return false, driver.ErrClosed
	}
	d.bells.Add(b)
	return false, nil
}

// Unhang forgets b.
func (d *Driver) Unhang(b *driver.Doorbell) { d.bells.Remove(b) }

// reap takes what the goroutines left.
func (d *Driver) reap() int {
	n := d.files.Reap() + d.bells.Drain()
	for b := d.inbox.takeAll(); b != nil; {
		next := b.next
		b.next = nil
		// Pairs with the swap in post: what comes from now on is a new entry.
		b.posted.Store(false)
		n += b.reap()
		b = next
	}
	return n
}
