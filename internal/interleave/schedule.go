package interleave

import (
	"fmt"
	"strconv"
	"strings"
)

// A schedule as text says which thread does how many steps, and what was
// chosen, such as "0*3.1.c1.0*2": thread 0 three steps, thread 1 one, a choice
// of 1 in it, thread 0 two more.

// decision is one element of a schedule, expanded.
type decision struct {
	choice bool
	value  int
}

func (e *engine) decisions() []decision {
	var all []decision
	next := 0
	for i := 0; i <= len(e.steps); i++ {
		for next < len(e.choices) && e.choices[next].step == i {
			all = append(all, decision{true, e.choices[next].value})
			next++
		}
		if i < len(e.steps) {
			all = append(all, decision{false, e.steps[i].thread})
		}
	}
	return all
}

func formatSchedule(all []decision) string {
	var b strings.Builder
	for i := 0; i < len(all); {
		if i > 0 {
			b.WriteByte('.')
		}
		d := all[i]
		if d.choice {
			fmt.Fprintf(&b, "c%d", d.value)
			i++
			continue
		}
		n := 1
		for i+n < len(all) && all[i+n] == d {
			n++
		}
		if b.WriteString(strconv.Itoa(d.value)); n > 1 {
			fmt.Fprintf(&b, "*%d", n)
		}
		i += n
	}
	return b.String()
}

func parseSchedule(text string) ([]decision, error) {
	var all []decision
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ".") {
		d := decision{}
		rest, isChoice := strings.CutPrefix(part, "c")
		who, times, many := strings.Cut(rest, "*")
		n, err := 1, error(nil)
		if d.choice = isChoice; many {
			n, err = strconv.Atoi(times)
		}
		if err == nil {
			d.value, err = strconv.Atoi(who)
		}
		if err != nil || n < 1 || n > 1<<20 || d.value < 0 || isChoice && many {
			return nil, fmt.Errorf("rouse: interleave: %q is no part of a schedule", part)
		}
		for range n {
			all = append(all, d)
		}
	}
	return all, nil
}

// script is the explorer that follows a schedule, and where it ends goes on
// without preemptions.
type script struct {
	all []decision
	at  int
}

func (s *script) begin(*engine)          { s.at = 0 }
func (s *script) backtrack(*engine) bool { return false }

//go:norace
func (s *script) pick(e *engine, enabled mask) (id, frame int) {
	if s.at < len(s.all) {
		d := s.all[s.at]
		s.at++
		if d.choice {
			return -1, -1
		}
		return d.value, -1
	}
	return e.straight(enabled), -1
}

//go:norace
func (s *script) choose(_ *engine, n int) int {
	if s.at < len(s.all) {
		d := s.all[s.at]
		s.at++
		if !d.choice {
			return -1
		}
		return d.value
	}
	return 0
}

// straight goes on with who ran last, or else with the first who can.
//
//go:norace
func (e *engine) straight(enabled mask) int {
	if n := len(e.steps); n > 0 && enabled&bit(e.steps[n-1].thread) != 0 {
		return e.steps[n-1].thread
	}
	return enabled.first()
}

//go:norace
func (m mask) first() int {
	for i := range maxThreads {
		if m&bit(i) != 0 {
			return i
		}
	}
	return -1
}
