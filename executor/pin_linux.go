package executor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const canPin = true

// pin binds the calling thread to a CPU.
func pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("rouse: can't pin to CPU %d: %w; choose one that this process may use", cpu, err)
	}
	return nil
}
