//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close. What the caller wrote before is visible after
// that Park.
func (d *Driver) Unpark() { d.sleeper.Unpark() }

// Park sleeps and reaps; see [driver.Driver].
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	n := d.files.Reap() + d.bells.Drain()
	left := int64(0)
	if n == 0 {
		left = d.clock.Left(until)
	}
	for {
		if left == 0 || !d.sleeper.Down() {
			return d.look(n)
		}
		got, errno := d.sleep(left)
		told := d.sleeper.Up()
		if errno != 0 && errno != unix.EINTR {
			return n, os.NewSyscallError("epoll_wait", errno)
		}
		n += d.dispatchAll(got) + d.files.Reap() + d.bells.Drain()
		if n > 0 || told {
			return n, nil
		}
		if left = d.clock.Left(until); left == 0 {
			return 0, nil
		}
	}
}

// look reaps without sleeping and takes a notification. It makes no system
// call if no op waits for a descriptor.
func (d *Driver) look(n int) (int, error) {
	if d.waiting > 0 {
		got, errno := d.poll()
		if errno != 0 && errno != unix.EINTR {
			return n, os.NewSyscallError("epoll_wait", errno)
		}
		n += d.dispatchAll(got)
	}
	d.sleeper.Take()
	return n + d.files.Reap(), nil
}

func (d *Driver) dispatchAll(got int) int {
	n := 0
	for k := range got {
		if ev := &d.events[k]; ev.Fd != bellIndex {
			n += d.dispatch(ev)
		}
	}
	return n
}
