//go:build linux

package uring

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/uring"
)

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close. What the caller wrote before is visible after
// that Park.
func (d *Driver) Unpark() { d.sleeper.Unpark() }

// Park submits, sleeps and reaps; see [driver.Driver].
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	if err := d.begun(); err != nil {
		return 0, err
	}
	n := d.files.Reap() + d.bells.Drain()
	if d.ring.Ready() {
		n += d.reap() // of a system call in the middle of the turn
	}
	left := int64(0)
	if n == 0 {
		left = d.clock.Left(until)
	}
	for {
		if err := d.prepare(); err != nil {
			return n, err
		}
		if left == 0 || !d.sleeper.Down() {
			return d.look(n)
		}
		d.watchBells()
		timeout := uring.Forever
		if left != driver.Forever {
			timeout = time.Duration(left)
		}
		got, told, err := d.turn(timeout, true)
		n += got
		if err != nil {
			return n, err
		}
		n += d.files.Reap() + d.bells.Drain()
		if n > 0 || told {
			// What this turn's completions asked for can wait for the next.
			return n, nil
		}
		if left = d.clock.Left(until); left == 0 {
			return 0, nil
		}
	}
}

// look submits and reaps without sleeping and takes a notification. It makes no
// system call if there is nothing to submit and the kernel has nothing for us.
func (d *Driver) look(n int) (int, error) {
	if d.ring.Pending() {
		got, _, err := d.turn(0, false)
		n += got
		if err != nil {
			return n, err
		}
	}
	d.sleeper.Take()
	return n + d.files.Reap() + d.bells.Drain(), nil
}

// prepare writes what the turn has left into the ring.
func (d *Driver) prepare() error {
	if err := d.refill(); err != nil {
		return err
	}
	if len(d.sends.dirty) > 0 {
		d.flush()
	}
	return nil
}

// turn is the system call and what comes of it. down says that the sleeper is;
// told, that Unpark has ended its sleep.
func (d *Driver) turn(timeout time.Duration, down bool) (n int, told bool, err error) {
	err = d.enter(timeout)
	if down {
		told = d.sleeper.Up()
	}
	// The queue of completions may be so full that the kernel takes no more.
	for err == nil && d.ring.Prepared() > 0 {
		n += d.reap()
		err = d.enter(0)
	}
	n += d.reap()
	if err == nil {
		n += d.settle()
	}
	return n, told, err
}

func (d *Driver) enter(timeout time.Duration) error {
	if timeout == 0 {
		atomics.Look()
	} else {
		atomics.Rest(timeout != uring.Forever)
	}
	switch errno := d.ring.Enter(timeout); errno {
	case 0, unix.EINTR, unix.EAGAIN, unix.EBUSY:
		return nil
	case unix.EEXIST:
		return fmt.Errorf("rouse: uring: the driver belongs to the thread that used it first; lock the loop's goroutine to its thread: %w", errno)
	default:
		return os.NewSyscallError("io_uring_enter", errno)
	}
}

// reap applies the completions there are and returns how many ops they
// completed.
func (d *Driver) reap() int {
	n := 0
	var c uring.CQE
	for {
		for d.ring.Peek(&c) {
			n += d.complete(&c)
		}
		d.ring.Seen()
		if !d.ring.Overflown() || d.enter(0) != nil {
			return n
		}
	}
}
