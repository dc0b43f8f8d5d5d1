//go:build !linux

package executor

import (
	"runtime"

	"github.com/rouse-go/rouse/internal/topo"
)

// thisMachine knows only how many CPUs there are.
func thisMachine() (topo.Machine, error) { return topo.Flat(runtime.NumCPU()), nil }
