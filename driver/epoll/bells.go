//go:build linux

package epoll

import (
	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var _ driver.Belfry = (*Driver)(nil)

// Hang has Park look at b, whose eventfd is watched like our own.
func (d *Driver) Hang(b *driver.Doorbell) (watched bool, err error) {
	if d.closed {
		return false, driver.ErrClosed
	}
	if err := d.watchBell(b.FD()); err != nil {
		return false, err
	}
	d.bells.Add(b)
	return true, nil
}

// Unhang forgets b. The number of the epoll instance is somebody else's after
// Close.
func (d *Driver) Unhang(b *driver.Doorbell) {
	if d.bells.Remove(b) && !d.closed {
		_ = unix.EpollCtl(d.epfd, unix.EPOLL_CTL_DEL, b.FD(), nil)
	}
}
