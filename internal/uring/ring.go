//go:build linux

package uring

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/census"
)

// A Ring is one io_uring instance. Make it with New.
type Ring struct {
	fd       int
	flags    uint32
	features uint32
	enabled  bool

	sq subQueue
	cq comQueue

	queues  []byte // mapped: both queues
	entries []byte // mapped: the requests

	tamper func(uint32) (uint32, unix.Errno) // see Config; nil but in tests

	// What Enter gives the kernel to read.
	arg  geteventsArg
	spec timespec
}

// word is a counter of the mapped memory.
func word(p unsafe.Pointer) *atomics.Uint32 { return (*atomics.Uint32)(p) }

// FD returns the ring's descriptor.
func (r *Ring) FD() int { return r.fd }

// Flags returns the set-up flags that the ring got.
func (r *Ring) Flags() uint32 { return r.flags }

// Enable makes the calling thread the one that uses the ring. It must be called
// once, before the first Enter.
func (r *Ring) Enable() error {
	if r.enabled {
		return nil
	}
	if r.flags&SetupDisabled != 0 {
		if _, err := r.register(registerEnableRings, nil, 0); err != nil {
			return err
		}
	}
	r.enabled = true
	return nil
}

// Forever is the timeout of an Enter that waits without end.
const Forever time.Duration = -1

// Enter submits what was prepared, makes the completions that are ready, and
// waits for at least one if timeout is not 0: for that long at most, or without
// end if it is Forever. The errno is 0, or EINTR, EAGAIN, EBUSY, which mean:
// look at the completions and go on; everything else is a bug or the end. A
// timeout that passes is no error. It never returns early because of the
// timeout: the kernel's timers round up.
func (r *Ring) Enter(timeout time.Duration) unix.Errno {
	submit := r.sq.publish()
	if r.tamper != nil {
		give, errno := r.tamper(submit)
		if errno != 0 {
			return errno
		}
		if give < submit {
			submit, timeout = give, 0 // a kernel that does not take all does not wait
		}
	}
	flags := uintptr(enterGetevents)
	var wait, arg, size uintptr
	if timeout != 0 {
		wait = 1
		r.arg.ts = 0
		if timeout > 0 {
			r.spec = timespec{int64(timeout / time.Second), int64(timeout % time.Second)}
			r.arg.ts = uint64(uintptr(unsafe.Pointer(&r.spec)))
		}
		flags |= enterExtArg
		arg, size = uintptr(unsafe.Pointer(&r.arg)), unsafe.Sizeof(r.arg)
	}
	// Not the raw form: sends are done in here, and the collector must not wait
	// for them.
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), wait, flags, arg, size)
	if errno == unix.ETIME {
		errno = 0
	}
	return errno
}

// Pending reports whether an Enter without waiting would do anything: submit
// something, or make completions.
func (r *Ring) Pending() bool {
	if r.sq.tail != r.sq.khead.Load() { // pairs with the kernel's store: what it took is ours again
		return true
	}
	if r.flags&SetupTaskrunFlag == 0 {
		return true // it does not tell
	}
	// Pairs with the kernel's store: when the flag is set, completions wait.
	return r.sq.kflags.Load()&(sqTaskrun|sqCQOverflow) != 0
}

// Overflown reports whether completions wait in the kernel because the queue
// was full. Reap, and Enter again.
func (r *Ring) Overflown() bool { return r.sq.kflags.Load()&sqCQOverflow != 0 }

// Close frees the ring. Requests in flight are cancelled by the kernel some
// time later, so there must be none whose memory anybody could use again.
func (r *Ring) Close() error {
	if r.fd < 0 {
		return nil
	}
	unix.Munmap(r.queues)
	unix.Munmap(r.entries)
	err := os.NewSyscallError("close", unix.Close(r.fd))
	r.fd, r.queues, r.entries = -1, nil, nil
	r.sq, r.cq = subQueue{}, comQueue{}
	census.Rings.Add(-1)
	return err
}

// register makes a registration. arg must not be on a stack.
func (r *Ring) register(op uintptr, arg unsafe.Pointer, n uintptr) (int, error) {
	return registerOn(r.fd, op, arg, n)
}

func registerOn(fd int, op uintptr, arg unsafe.Pointer, n uintptr) (int, error) {
	for {
		v, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), op, uintptr(arg), n, 0, 0)
		switch errno {
		case 0:
			return int(v), nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("io_uring_register", errno)
		}
	}
}
