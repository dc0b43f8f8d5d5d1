package lincheck

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"
)

// contents is a state of the model: the elements, first the one to be taken
// next, and all that was ever pushed. Nothing changes either once it is there.
type contents struct {
	q      []int
	pushed []int
}

// model is a queue of at most capacity elements; 0 is without a bound. ahead is
// what precedence has said of the history, or nil: then the search has to find it
// out.
func model(capacity int, ahead map[int][]int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return contents{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(contents), input.(call), output.(answer)
			full := capacity > 0 && len(s.q) == capacity
			switch {
			case in.push && out.ok:
				for _, v := range ahead[in.v] {
					if !slices.Contains(s.pushed, v) {
						return false, s
					}
				}
				return !full, contents{append(slices.Clip(s.q), in.v), append(slices.Clip(s.pushed), in.v)}
			case in.push:
				return full, s
			case out.ok:
				if len(s.q) == 0 || s.q[0] != out.v {
					return false, s
				}
				return true, contents{s.q[1:], s.pushed}
			default:
				return len(s.q) == 0, s
			}
		},
		// What was pushed is the same wherever the same operations are done, and
		// porcupine compares no other states.
		Equal: func(a, b any) bool { return slices.Equal(a.(contents).q, b.(contents).q) },
	}
}

// precedence says which values must have been pushed before each value is: those
// whose pop had ended when its own began, and, if nothing popped it, all that
// something did. It is no rule beside the queue's, but follows from first in,
// first out. Without it the search finds out only at the pops that it has put
// the pushes before them in the wrong order, and there are exponentially many:
// a history of 8 goroutines has taken it longer than a minute.
func precedence(history []porcupine.Operation) map[int][]int {
	type span struct{ call, ret int64 }
	pops := map[int]span{}
	for _, op := range history {
		if out := op.Output.(answer); !op.Input.(call).push && out.ok {
			pops[out.v] = span{op.Call, op.Return}
		}
	}
	ahead := map[int][]int{}
	for _, op := range history {
		in := op.Input.(call)
		if !in.push || !op.Output.(answer).ok {
			continue
		}
		own, popped := pops[in.v]
		if !popped {
			own.call = math.MaxInt64
		}
		for v, other := range pops {
			if v != in.v && other.ret < own.call {
				ahead[in.v] = append(ahead[in.v], v)
			}
		}
	}
	return ahead
}
