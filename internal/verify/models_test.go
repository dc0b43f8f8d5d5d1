package main

import (
	"errors"
	"testing"
)

const modelLines = `=== RUN   TestModelA
interleave: model=rouse/a schedules=35 steps=291 longest=13 bound=none complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=rouse/b schedules=10 steps=291 longest=13 bound=2 complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=rouse/c schedules=5 steps=291 longest=13 bound=random complete=false random=5 seed=1 race=false seconds=0.00
interleave: model=classic/aba/right schedules=5 steps=34 longest=9 bound=none complete=true random=0 seed=0 race=false seconds=0.00
interleave: model=classic/aba/wrong schedules=2 steps=12 longest=8 bound=none complete=false random=0 seed=0 race=false seconds=0.00 failed-at=2
ok  	example.org/a	0.1s
`

func TestModels(t *testing.T) {
	var m models
	feed(m.line, modelLines)
	want(t, m.rows(nil), "3 models, 50 schedules; 2 complete, 1 of these without bound")
	want(t, m.rows(nil), "1 of 1 classic faults caught")
	want(t, m.rows(errors.New("exit status 1; see the log")), "3 models", "exit status 1")

	feed(m.line, "interleave: model=classic/peterson/wrong schedules=2 bound=none complete=true seconds=0.00\n")
	want(t, m.rows(nil), "1 of 2 classic faults caught", "not caught: classic/peterson/wrong")
	feed(m.line, "interleave: model=rouse/d schedules=7 bound=none complete=false seconds=0.00 failed-at=7\n")
	want(t, m.rows(nil), "4 models", "rouse/d fails", "not caught")

	var none models
	want(t, none.rows(nil), "0 models", "nothing was explored", "no classic fault was tried")
}

func TestMutants(t *testing.T) {
	var m mutants
	feed(m.line, "mutant: known=9\nmutant: name=a/b caught=true model=x schedules=7\nmutant: name=a/c caught=true model=x schedules=8\n")
	want(t, m.rows(nil), "2 of 2 caught; 9 known")
	feed(m.line, "mutant: name=a/d caught=false\n")
	want(t, m.rows(errors.New("exit status 1")), "2 of 3 caught", "not caught: a/d", "exit status 1")
	var none mutants
	want(t, none.rows(nil), "0 of 0", "none was planted")
}
