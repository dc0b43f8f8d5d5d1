package faults

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Refusal is a system call that the kernel shall fail.
type Refusal struct {
	Call  uintptr // its number, unix.SYS_…
	Arg   int     // the argument that is compared, from 0; below 0: none is
	Value uint32  // what its low half must be
	Errno unix.Errno
}

// Refuse has the kernel refuse the system calls of list to the calling thread,
// for good; with everywhere, to all threads of the process. The caller's
// goroutine must be locked to its thread, and end without unlocking it, so that
// the thread ends, too. It fails where seccomp is not to be had.
func Refuse(everywhere bool, list ...Refusal) error {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K
		args  = 16 // of struct seccomp_data
	)
	var prog []unix.SockFilter
	for _, r := range list {
		// A rule jumps to the next one where it does not match.
		if r.Arg < 0 {
			prog = append(prog,
				unix.SockFilter{Code: load},
				unix.SockFilter{Code: equal, K: uint32(r.Call), Jf: 1})
		} else {
			prog = append(prog,
				unix.SockFilter{Code: load},
				unix.SockFilter{Code: equal, K: uint32(r.Call), Jf: 3},
				unix.SockFilter{Code: load, K: args + 8*uint32(r.Arg) + lowHalf},
				unix.SockFilter{Code: equal, K: r.Value, Jf: 1})
		}
		prog = append(prog, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(r.Errno)})
	}
	prog = append(prog, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	var flags uintptr
	if everywhere {
		flags = unix.SECCOMP_FILTER_FLAG_TSYNC
	}
	fprog := &unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(fprog))); errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}

// lowHalf is where in an argument its low half is.
var lowHalf = func() uint32 {
	one := uint64(1)
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		return 0
	}
	return 4
}()
