//go:build linux

package uring

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/census"
)

// wishes are the sets of flags to try, the best first. A kernel that does not
// know one of a set refuses the set with EINVAL.
//
// Deferred task work is the one that matters: completions are made when we
// enter, in the batch, instead of interrupting the thread one by one.
var wishes = []uint32{
	SetupSingleIssuer | SetupDeferTaskrun | SetupCoopTaskrun | SetupTaskrunFlag | SetupSubmitAll | SetupNoSQArray | SetupDisabled, // 6.6
	SetupSingleIssuer | SetupDeferTaskrun | SetupCoopTaskrun | SetupTaskrunFlag | SetupSubmitAll | SetupDisabled,                  // 6.1
	SetupCoopTaskrun | SetupTaskrunFlag | SetupSubmitAll,                                                                          // 5.19
	0, // 5.11, see needed
}

// needed is what a ring can't do without: 5.11 has it.
const needed = featSingleMmap | featNoDrop | featExtArg

// Config sets up a ring.
type Config struct {
	// Entries is the size of the submission queue, a power of two.
	Entries uint32
	// Completions is the size of the completion queue, a power of two.
	Completions uint32
	// Mask leaves out set-up flags that the kernel would have; for tests of
	// what is done without them.
	Mask uint32
	// Tamper, if not nil, is asked in each Enter, with the number of requests
	// that were prepared: how many of them the kernel shall be given, or what
	// Enter shall return instead of calling it. For tests of what a kernel does
	// that is short of memory or interrupted.
	Tamper func(prepared uint32) (give uint32, errno unix.Errno)
}

// New makes a ring with the best flags that this kernel has. An error that is
// [ErrNotSupported] says that there is no io_uring here, or that it is
// forbidden or too old. Call [Ring.Enable] on the thread that will use it.
func New(cfg Config) (*Ring, error) {
	var last error
	for _, flags := range wishes {
		r, err := open(cfg, flags&^cfg.Mask)
		if err == nil {
			return r, nil
		}
		if last = err; !errors.Is(err, unix.EINVAL) {
			break
		}
	}
	return nil, last
}

func open(cfg Config, flags uint32) (*Ring, error) {
	p := &params{cqEntries: cfg.Completions, flags: flags | SetupCQSize | SetupClamp}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(cfg.Entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return nil, setupError(errno)
	}
	r := &Ring{fd: int(fd), flags: p.flags, features: p.features, tamper: cfg.Tamper}
	if p.features&needed != needed {
		unix.Close(r.fd)
		return nil, unsupported("io_uring", "this kernel's is too old; it takes Linux 5.11")
	}
	if err := r.mmap(p); err != nil {
		unix.Close(r.fd)
		return nil, err
	}
	census.Rings.Add(1)
	return r, nil
}

func setupError(errno unix.Errno) error {
	err := os.NewSyscallError("io_uring_setup", errno)
	switch errno {
	case unix.ENOSYS:
		return unsupportedBecause("io_uring", "the kernel has none, or a sandbox hides it", err)
	case unix.EPERM, unix.EACCES:
		return unsupportedBecause("io_uring", "it is forbidden here (sysctl kernel.io_uring_disabled, or a seccomp filter as container runtimes have)", err)
	case unix.ENOMEM:
		return unsupportedBecause("io_uring", "no memory for the ring (before Linux 5.12, ulimit -l counts)", err)
	}
	return err
}

// mmap maps the two queues, which share one mapping, and the requests.
func (r *Ring) mmap(p *params) error {
	sq := uintptr(p.sqOff.array) + uintptr(p.sqEntries)*4
	cq := uintptr(p.cqOff.cqes) + uintptr(p.cqEntries)*cqeSize
	var err error
	if r.queues, err = mapRing(r.fd, offSQRing, max(sq, cq)); err != nil {
		return err
	}
	if r.entries, err = mapRing(r.fd, offSQEs, uintptr(p.sqEntries)*sqeSize); err != nil {
		unix.Munmap(r.queues)
		return err
	}
	at := func(off uint32) unsafe.Pointer { return unsafe.Pointer(&r.queues[off]) }
	r.sq = subQueue{
		khead:  word(at(p.sqOff.head)),
		ktail:  word(at(p.sqOff.tail)),
		kflags: word(at(p.sqOff.flags)),
		sqes:   unsafe.Slice((*SQE)(unsafe.Pointer(&r.entries[0])), p.sqEntries),
		mask:   p.sqEntries - 1,
	}
	r.cq = comQueue{
		khead: word(at(p.cqOff.head)),
		ktail: word(at(p.cqOff.tail)),
		cqes:  unsafe.Slice((*CQE)(at(p.cqOff.cqes)), p.cqEntries),
		mask:  p.cqEntries - 1,
	}
	if p.flags&SetupNoSQArray == 0 {
		// The indirection that nobody wants: entry i is request i, for ever.
		array := unsafe.Slice((*uint32)(at(p.sqOff.array)), p.sqEntries)
		for i := range array {
			array[i] = uint32(i)
		}
	}
	return nil
}

func mapRing(fd int, off int64, size uintptr) ([]byte, error) {
	b, err := unix.Mmap(fd, off, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	return b, os.NewSyscallError("mmap", err)
}
