package main

import (
	"fmt"
	"strings"
	"time"
)

// Each package's tests end before their stage is ended, so that one that hangs
// says where.
const (
	modelTime, modelStageTime   = 10 * time.Minute, 30 * time.Minute
	mutantTime, mutantStageTime = 25 * time.Minute, 30 * time.Minute
)

// modelTests runs the tests of a checked build, see docs/verification.md.
func modelTests(limit time.Duration, pattern string, more ...string) []string {
	return append([]string{"go", "test", "-tags", "interleave", "-count=1", "-v", "-timeout", limit.String(), "-run", pattern}, more...)
}

func modelStage(o options) *stage {
	m := models{print: o.verbose}
	args := append(modelTests(modelTime, "^Test(Model|Classics|Reductions)", o.models...), "./...")
	return &stage{
		name:     "models",
		timeout:  modelStageTime,
		commands: []command{{args: args}},
		line:     m.line,
		progress: func() string { return fmt.Sprintf("%d models", m.count) },
		rows:     m.rows,
	}
}

// models sums up what the model checker prints.
type models struct {
	print                               bool // the lines
	count, schedules, complete, unbound int
	failed                              []string
	faults, caught                      int // the classics
	missed                              []string
}

func (m *models) line(text string) {
	r, ok := parseRecord(text, "interleave")
	if !ok || r["model"] == "" {
		return
	}
	if m.print {
		fmt.Println(text)
	}
	name, failed := r["model"], r["failed-at"] != ""
	if strings.HasPrefix(name, "classic") {
		if strings.HasSuffix(name, "/wrong") {
			m.faults++
			if failed {
				m.caught++
			} else {
				m.missed = append(m.missed, name)
			}
		}
		return
	}
	m.count++
	n, _ := r.number("schedules")
	m.schedules += n
	if r["complete"] == "true" {
		m.complete++
		if r["bound"] == "none" {
			m.unbound++
		}
	}
	if failed {
		m.failed = append(m.failed, name)
	}
}

func (m *models) rows(ended error) []row {
	explored := row{section: "models", text: fmt.Sprintf("%d models, %d schedules; %d complete, %d of these without bound",
		m.count, m.schedules, m.complete, m.unbound)}
	if ended != nil {
		explored.wrongf("%v", ended)
	}
	for _, name := range m.failed {
		explored.wrongf("%s fails", name)
	}
	if m.count == 0 || m.schedules == 0 || m.complete == 0 {
		explored.wrongf("nothing was explored")
	}
	classics := row{section: "models", text: fmt.Sprintf("%d of %d classic faults caught", m.caught, m.faults)}
	if m.faults == 0 {
		classics.wrongf("no classic fault was tried")
	}
	for _, name := range m.missed {
		classics.wrongf("not caught: %s", name)
	}
	return []row{explored, classics}
}

// mutantShare is how many mutants -short leaves out for each that it plants.
const mutantShare = 6

func mutantStage(o options) *stage {
	m := mutants{print: o.verbose}
	args := modelTests(mutantTime, "^TestMutants$", "./internal/interleave")
	if o.short {
		args = append(args, "-args", fmt.Sprintf("-mutants.every=%d", mutantShare))
	}
	return &stage{
		name:     "mutants",
		timeout:  mutantStageTime,
		commands: []command{{args: args}},
		line:     m.line,
		progress: func() string { return fmt.Sprintf("%d of %d mutants caught", m.caught, m.planted) },
		rows:     m.rows,
	}
}

// mutants sums up what TestMutants prints.
type mutants struct {
	print                  bool // the lines
	planted, caught, known int
	missed                 []string
}

func (m *mutants) line(text string) {
	r, ok := parseRecord(text, "mutant")
	if !ok {
		return
	}
	if m.print {
		fmt.Println(text)
	}
	switch {
	case r["known"] != "":
		m.known, _ = r.number("known")
	case r["caught"] == "true":
		m.planted++
		m.caught++
	default:
		m.planted++
		m.missed = append(m.missed, r["name"])
	}
}

func (m *mutants) rows(ended error) []row {
	r := row{section: "mutants", text: fmt.Sprintf("%d of %d caught; %d known", m.caught, m.planted, m.known)}
	for _, name := range m.missed {
		r.wrongf("not caught: %s", name)
	}
	if ended != nil {
		r.wrongf("%v", ended)
	}
	if m.planted == 0 {
		r.wrongf("none was planted")
	}
	return []row{r}
}
