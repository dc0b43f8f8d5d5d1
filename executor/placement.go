package executor

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/rouse-go/rouse/internal/topo"
)

// A Placement says how many executors a [Pool] has and on which CPUs. The zero
// Placement is Unbound(0).
type Placement struct {
	how  how
	n    int
	cpus []int
}

type how uint8

const (
	unbound how = iota
	onCPUs
	maxSpread
	maxPack
)

// Unbound places n executors nowhere in particular: the kernel moves their
// threads as it likes. 0 means as many as there is room for: one for each CPU
// that this process may use, but no more than its cgroup's quota pays for in
// full. More than that is allowed, with a warning in the log.
func Unbound(n int) Placement { return Placement{how: unbound, n: n} }

// OnCPUs binds one executor to each of the CPUs, counted from 0, in their order.
func OnCPUs(cpus ...int) Placement {
	return Placement{how: onCPUs, n: len(cpus), cpus: slices.Clone(cpus)}
}

// MaxSpread binds n executors to CPUs that share as little as can be: they take
// turns between memory nodes, in a node between packages, and use the second
// thread of a core only when every core has an executor. It suits executors
// that each need much cache and memory bandwidth. 0 means as many as there is
// room for, see [Unbound].
func MaxSpread(n int) Placement { return Placement{how: maxSpread, n: n} }

// MaxPack binds n executors to CPUs that share as much as can be: the threads
// of a core, then the cores of a package, then a memory node. It suits executors
// that talk to each other a lot. 0 means as many as there is room for, see
// [Unbound].
func MaxPack(n int) Placement { return Placement{how: maxPack, n: n} }

func (p Placement) String() string {
	switch p.how {
	case onCPUs:
		return "OnCPUs(" + topo.FormatList(p.cpus) + ")"
	case maxSpread:
		return fmt.Sprintf("MaxSpread(%d)", p.n)
	case maxPack:
		return fmt.Sprintf("MaxPack(%d)", p.n)
	}
	return fmt.Sprintf("Unbound(%d)", p.n)
}

// anywhere stands for the CPU of an executor that is not bound.
const anywhere = -1

// A plan is a Placement on a machine.
type plan struct {
	cpus []int // of each executor, or anywhere
	// note says which limit has cut the number, or is exceeded; warn that it
	// is exceeded.
	note string
	warn bool
}

// on finds CPUs on a machine. What can't be is an error that says which limits
// there are.
func (p Placement) on(m topo.Machine) (plan, error) {
	usable, room := m.Usable(), m.Room()
	refuse := func(why string) (plan, error) {
		return plan{}, fmt.Errorf("rouse: Placement %v: %s; %s", p, why, m.Limits())
	}
	switch {
	case p.n < 0:
		return plan{}, fmt.Errorf("rouse: Placement %v: give a positive number, or 0 for as many as there is room for", p)
	case p.how == onCPUs:
		return p.onGiven(usable, refuse)
	case p.how != unbound && p.n > len(usable):
		return refuse(fmt.Sprintf("only %d CPUs may be used", len(usable)))
	case p.how != unbound && p.n > room:
		return refuse(fmt.Sprintf("there is CPU time for %d only", room))
	}
	var pl plan
	n := p.n
	switch {
	case n == 0:
		if n = room; n < len(m.Online) {
			pl.note = fmt.Sprintf("%d of %d CPUs have an executor", n, len(m.Online))
		}
	case n > room:
		pl.note, pl.warn = fmt.Sprintf("%d executors share %d CPUs", n, room), true
	}
	if pl.note != "" {
		pl.note += ": " + m.Limits()
	}
	order := usable
	switch p.how {
	case maxSpread:
		order = topo.Spread(usable)
	case maxPack:
		order = topo.Pack(usable)
	}
	for i := range n {
		if p.how == unbound {
			pl.cpus = append(pl.cpus, anywhere)
		} else {
			pl.cpus = append(pl.cpus, order[i].ID)
		}
	}
	return pl, nil
}

func (p Placement) onGiven(usable []topo.CPU, refuse func(string) (plan, error)) (plan, error) {
	if p.n == 0 {
		return refuse("name at least one CPU")
	}
	for i, cpu := range p.cpus {
		switch {
		case slices.Contains(p.cpus[:i], cpu):
			return refuse(fmt.Sprintf("CPU %d stands there twice; a CPU has one executor", cpu))
		case !slices.ContainsFunc(usable, func(c topo.CPU) bool { return c.ID == cpu }):
			return refuse(fmt.Sprintf("CPU %d may not be used", cpu))
		}
	}
	return plan{cpus: slices.Clone(p.cpus)}, nil
}

// here finds CPUs on this machine.
func (p Placement) here() (plan, error) {
	if p.how != unbound && !canPin {
		return plan{}, fmt.Errorf("rouse: Placement %v: pinning to a CPU on %s: %w; use Unbound", p, runtime.GOOS, errors.ErrUnsupported)
	}
	m, err := thisMachine()
	if err != nil {
		return plan{}, err
	}
	return p.on(m)
}
