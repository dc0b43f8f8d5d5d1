package executor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const canPin = true

// pin binds the calling thread to a CPU. unpin, on the same thread, undoes it:
// a thread that goes back to Go's pool must run where all others do.
func pin(cpu int) (unpin func(), err error) {
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("rouse: can't pin to CPU %d: sched_getaffinity: %w", cpu, err)
	}
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("rouse: can't pin to CPU %d: %w; choose one that this process may use", cpu, err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) }, nil
}

// threadID returns the number of the calling thread.
func threadID() int { return unix.Gettid() }
