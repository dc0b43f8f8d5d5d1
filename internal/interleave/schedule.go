package interleave

import (
	"fmt"
	"strconv"
	"strings"
)

// A schedule as text says which thread does how many steps, and what was
// chosen, such as "0*3.1.c1.d0.0*2": thread 0 three steps, thread 1 one, a choice
// of 1 in it, the store buffer of thread 0 drains its oldest store, thread 0 two
// steps more.

// decision is one element of a schedule, expanded: a thread's step with no prefix,
// a choice with c, a store buffer's step with d.
type decision struct {
	what  string
	value int
}

const (
	aStep   = ""
	aChoice = "c"
	aDrain  = "d"
)

func (e *engine) decisions() []decision {
	var all []decision
	next := 0
	for i := 0; i <= len(e.steps); i++ {
		for next < len(e.choices) && e.choices[next].step == i {
			all = append(all, decision{aChoice, e.choices[next].value})
			next++
		}
		if i < len(e.steps) {
			if who := e.steps[i].thread; who < e.real {
				all = append(all, decision{aStep, who})
			} else {
				all = append(all, decision{aDrain, who - e.real})
			}
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
		n := 1
		for d.what != aChoice && i+n < len(all) && all[i+n] == d {
			n++
		}
		if fmt.Fprintf(&b, "%s%d", d.what, d.value); n > 1 {
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
		if strings.HasPrefix(part, aChoice) || strings.HasPrefix(part, aDrain) {
			d.what = part[:1]
		}
		who, times, many := strings.Cut(part[len(d.what):], "*")
		n, err := 1, error(nil)
		if many {
			n, err = strconv.Atoi(times)
		}
		if err == nil {
			d.value, err = strconv.Atoi(who)
		}
		if err != nil || n < 1 || n > 1<<20 || d.value < 0 || d.what == aChoice && many {
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
		switch {
		case d.what == aStep && d.value < e.real:
			return d.value, -1
		case d.what == aDrain && d.value < e.real:
			return e.real + d.value, -1
		}
		return -1, -1
	}
	return e.straight(enabled), -1
}

//go:norace
func (s *script) choose(_ *engine, n int) int {
	if s.at < len(s.all) {
		d := s.all[s.at]
		s.at++
		if d.what != aChoice {
			return -1
		}
		return d.value
	}
	return 0
}

// straight goes on with who ran last, or else with the first who can; but first of
// all store buffers drain, as if there were none.
//
//go:norace
func (e *engine) straight(enabled mask) int {
	if full := enabled & e.buffers(); full != 0 {
		return full.first()
	}
	if e.last >= 0 && enabled&bit(e.last) != 0 {
		return e.last
	}
	return enabled.first()
}

//go:norace
func (m mask) first() int {
	for i := range maxAgents {
		if m&bit(i) != 0 {
			return i
		}
	}
	return -1
}
