package topo

import (
	"cmp"
	"slices"
)

// Pack orders CPUs so that those next to each other share as much as can be:
// first the threads of one core, then the cores of one package and node.
func Pack(cpus []CPU) []CPU {
	packed := slices.Clone(cpus)
	slices.SortFunc(packed, func(a, b CPU) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Core, b.Core), cmp.Compare(a.ID, b.ID))
	})
	return packed
}

// Spread orders CPUs so that any first few share as little as can be: nodes
// take turns, in a node its packages, in those the cores, and the second thread
// of a core comes when all cores have one.
func Spread(cpus []CPU) []CPU {
	return spread(Pack(cpus), []func(CPU) int{
		func(c CPU) int { return c.Node },
		func(c CPU) int { return c.Package },
		func(c CPU) int { return c.Core },
	})
}

// spread deals packed CPUs out by the first key, each group in the order of the
// other keys.
func spread(packed []CPU, by []func(CPU) int) []CPU {
	if len(by) == 0 || len(packed) == 0 {
		return packed
	}
	key := by[0]
	var groups [][]CPU
	for start, i := 0, 1; i <= len(packed); i++ {
		if i == len(packed) || key(packed[i]) != key(packed[start]) {
			groups = append(groups, spread(packed[start:i], by[1:]))
			start = i
		}
	}
	var dealt []CPU
	for round := 0; len(dealt) < len(packed); round++ {
		for _, g := range groups {
			if round < len(g) {
				dealt = append(dealt, g[round])
			}
		}
	}
	return dealt
}
