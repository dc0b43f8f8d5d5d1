//go:build linux

package epoll

import (
	"math"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// bellIndex stands in the data of an event of an eventfd, ours or a doorbell's;
// no slot has this index.
const bellIndex = -1

// An instance is one of epoll, with what the kernel reads and writes when we
// wait for its events.
type instance struct {
	epfd   int
	fine   bool // epoll_pwait2 works
	spec   timespec
	events [128]unix.EpollEvent
}

// timespec is the kernel's, the same on every architecture.
type timespec struct{ sec, nsec int64 }

func (e *instance) open() (err error) {
	if e.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	// Linux 5.11; some sandboxes know the number and refuse it.
	_, errno := e.wait2(0)
	e.fine = errno == 0
	return nil
}

// watchBell has each write to an eventfd be one event: nobody has to read the
// counter to silence it.
func (e *instance) watchBell(fd int) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: bellIndex}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.epfd, unix.EPOLL_CTL_ADD, fd, &ev))
}

// sleep waits for events, for at most left nanoseconds. It may return early,
// without any, but the kernel never ends a full wait early: its timers round
// up, and so do we.
func (e *instance) sleep(left int64) (int, unix.Errno) {
	atomics.Rest(left != driver.Forever)
	if left != driver.Forever && e.fine {
		return e.wait2(left)
	}
	ms := int64(-1)
	if left != driver.Forever {
		ms = min((left+int64(time.Millisecond)-1)/int64(time.Millisecond), math.MaxInt32)
	}
	// Syscall6, not the raw form: the collector must not wait for us.
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.epfd),
		uintptr(unsafe.Pointer(&e.events)), uintptr(len(e.events)), uintptr(ms), 0, 0)
	return count(n, errno), errno
}

func (e *instance) wait2(left int64) (int, unix.Errno) {
	e.spec = timespec{left / int64(time.Second), left % int64(time.Second)}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(e.epfd),
		uintptr(unsafe.Pointer(&e.events)), uintptr(len(e.events)), uintptr(unsafe.Pointer(&e.spec)), 0, 0)
	return count(n, errno), errno
}

// poll takes the events there are. It can't sleep, so the raw form is safe,
// and it spares telling Go's scheduler twice.
func (e *instance) poll() (int, unix.Errno) {
	atomics.Look()
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.epfd),
		uintptr(unsafe.Pointer(&e.events)), uintptr(len(e.events)), 0, 0, 0)
	return count(n, errno), errno
}

func count(n uintptr, errno unix.Errno) int {
	if errno != 0 {
		return 0
	}
	return int(n)
}
