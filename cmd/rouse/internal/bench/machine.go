package bench

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where the figures come from.
type Machine struct {
	CPU    string
	CPUs   int
	Memory string
	Kernel string
	Go     string
	Target string
}

// ThisMachine describes the machine we run on.
func ThisMachine() Machine {
	m := Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Target: runtime.GOOS + "/" + runtime.GOARCH}
	m.describe()
	return m
}

// A Place is where a worker found itself: told by the worker, not by who
// started it, so that a binding which failed is not reported as one.
type Place struct {
	GOMAXPROCS int
	CPUs       []int // that it may run on; empty if unknown
	Bound      bool
}

func hereNow() Place {
	p := Place{GOMAXPROCS: runtime.GOMAXPROCS(0), CPUs: allowedCPUs()}
	p.Bound = len(p.CPUs) == 1
	return p
}

// String says it in the words of the report's head.
func (p Place) String() string {
	on := "not bound"
	switch {
	case p.Bound:
		on = "bound to CPU " + strconv.Itoa(p.CPUs[0])
	case !canBind:
		on = "not bound (not possible on " + runtime.GOOS + ")"
	case len(p.CPUs) > 1:
		on = "not bound (CPUs " + ranges(p.CPUs) + ")"
	}
	return fmt.Sprintf("GOMAXPROCS=%d, %s", p.GOMAXPROCS, on)
}

// ranges writes ascending numbers as 0-3,8.
func ranges(ns []int) string {
	var parts []string
	for i := 0; i < len(ns); {
		k := i
		for k+1 < len(ns) && ns[k+1] == ns[k]+1 {
			k++
		}
		if k == i {
			parts = append(parts, strconv.Itoa(ns[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", ns[i], ns[k]))
		}
		i = k + 1
	}
	return strings.Join(parts, ",")
}
