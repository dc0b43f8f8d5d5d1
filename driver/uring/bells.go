//go:build linux

package uring

import (
	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var _ driver.Belfry = (*Driver)(nil)

// A tower is a doorbell with the poll of its eventfd that goes on by itself:
// each write is one completion, and nobody has to read the counter.
type tower struct {
	bell *driver.Doorbell
	poll mark // 0 for none
}

// Hang has Park look at b. It may come before the loop runs, on another thread
// than the ring's, so the poll is begun by the Park that first sleeps.
func (d *Driver) Hang(b *driver.Doorbell) (watched bool, err error) {
	if d.closed {
		return false, driver.ErrClosed
	}
	d.bells.Add(b)
	d.towers = append(d.towers, tower{bell: b})
	return true, nil
}

// Unhang forgets b, whose descriptor may be closed afterwards.
func (d *Driver) Unhang(b *driver.Doorbell) {
	if !d.bells.Remove(b) || d.closed {
		return
	}
	for i := range d.towers {
		if d.towers[i].bell == b {
			d.stopNow(d.towers[i].poll)
			last := len(d.towers) - 1
			d.towers[i], d.towers[last] = d.towers[last], tower{}
			d.towers = d.towers[:last]
			return
		}
	}
}

// watchBells has the kernel tell of each ring of the bells, ours and those that
// hang here, before a sleep. A poll tells of a ring that came before it, too.
func (d *Driver) watchBells() {
	if !d.armed {
		d.armed = true
		d.entry().PollMany(d.sleeper.FD(), unix.POLLIN, uint64(bellMark))
	}
	for i := range d.towers {
		if w := &d.towers[i]; w.poll == 0 {
			w.poll, _ = d.begin(dutyBell, 0)
			d.entry().PollMany(w.bell.FD(), unix.POLLIN, uint64(w.poll))
		}
	}
}

// tolled applies a completion of a doorbell's poll. Park drains the doorbell.
func (d *Driver) tolled(m mark, more bool) {
	if more {
		return
	}
	d.retire(m)
	for i := range d.towers {
		if d.towers[i].poll == m {
			d.towers[i].poll = 0
		}
	}
}
