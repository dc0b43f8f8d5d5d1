//go:build solaris || aix

package durable

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

func flock(f *os.File) error {
	err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
	if err == unix.EACCES || err == unix.EAGAIN {
		return unix.EWOULDBLOCK
	}
	return err
}
