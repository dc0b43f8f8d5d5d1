package bench

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// canBind says that startOn binds.
const canBind = true

// allowedCPUs returns the CPUs that the calling thread may use.
func allowedCPUs() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var cpus []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// startOn calls start, which starts a process, on a thread that is bound to
// cpus: the process's first thread inherits that, and passes it on to all the
// others. No cpus means no binding.
func startOn(cpus []int, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	runtime.LockOSThread()
	var old, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		runtime.UnlockOSThread()
		return os.NewSyscallError("sched_getaffinity", err)
	}
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		runtime.UnlockOSThread()
		return os.NewSyscallError("sched_setaffinity", err)
	}
	err := start()
	if unix.SchedSetaffinity(0, &old) == nil {
		runtime.UnlockOSThread() // else the thread must not be used by others: it ends with its goroutine
	}
	return err
}
