//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

var _ driver.Belfry = (*Driver)(nil)

// Hang has Park look at b. Its eventfd is watched like our own: edge-triggered,
// so each write is one event and nobody has to read the counter to silence it.
func (d *Driver) Hang(b *driver.Doorbell) (watched bool, err error) {
	if d.closed {
		return false, driver.ErrClosed
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: bellIndex}
	if err := unix.EpollCtl(d.epfd, unix.EPOLL_CTL_ADD, b.FD(), &ev); err != nil {
		return false, os.NewSyscallError("epoll_ctl", err)
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
