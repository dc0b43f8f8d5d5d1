package lincheck

import "github.com/anishathalye/porcupine"

// call is what was asked of the queue, answer what it said.
type call struct {
	push bool
	v    int
}

type answer struct {
	ok bool
	v  int
}

// counts is what a history consisted of.
type counts struct {
	ops      int // that were checked
	overlaps int // among them, operations that overlap others
	refusals int // among them, empty and full
	exempted int // that were not
}

func (c *counts) add(d counts) {
	c.ops += d.ops
	c.overlaps += d.overlaps
	c.refusals += d.refusals
	c.exempted += d.exempted
}

// overlap reports whether a and b may have happened at the same time.
func overlap(a, b porcupine.Operation) bool { return a.Call <= b.Return && b.Call <= a.Return }

// exempt leaves out what need not be linearizable: an empty that overlaps a push,
// and a full that overlaps a pop.
func exempt(history []porcupine.Operation) (rest []porcupine.Operation, c counts) {
	for _, op := range history {
		refused := !op.Output.(answer).ok
		overlaps, excused := false, false
		for _, other := range history {
			if other.ClientId == op.ClientId || !overlap(op, other) {
				continue
			}
			overlaps = true
			if other.Input.(call).push != op.Input.(call).push && other.Output.(answer).ok {
				excused = true
			}
		}
		if refused && excused {
			c.exempted++
			continue
		}
		if refused {
			c.refusals++
		}
		if overlaps {
			c.overlaps++
		}
		c.ops++
		rest = append(rest, op)
	}
	return rest, c
}
