package executor

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/topo"
)

// thisMachine reads the machine that we run on.
func thisMachine() (topo.Machine, error) {
	m, err := topo.Read(os.DirFS("/"))
	if err != nil {
		return m, err
	}
	if m.Online == nil { // no /sys
		m.Online = topo.Flat(runtime.NumCPU()).Online
		return m, nil
	}
	// Of the process's first thread, not of this one, which may be bound to a
	// CPU itself.
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
		return m, os.NewSyscallError("sched_getaffinity", err)
	}
	m.Affinity = []int{}
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			m.Affinity = append(m.Affinity, cpu)
		}
	}
	return m, nil
}
