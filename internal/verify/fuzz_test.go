package main

import (
	"errors"
	"slices"
	"testing"
)

func TestFuzz(t *testing.T) {
	var f fuzz
	f.begin("p.FuzzA")
	feed(f.line, `fuzz: elapsed: 0s, gathering baseline coverage: 0/192 completed
fuzz: elapsed: 3s, execs: 325017 (108336/sec), new interesting: 11 (total: 202)
fuzz: elapsed: 6s, execs: 680218 (118402/sec), new interesting: 11 (total: 202)
PASS
`)
	f.begin("p.FuzzB")
	feed(f.line, "fuzz: elapsed: 1s, execs: 2 (2/sec), new interesting: 0 (total: 1)\n")
	want(t, f.rows(nil), "2 targets, 680220 executions")
	f.begin("p.FuzzC")
	feed(f.line, "testing: warning: no fuzz tests to fuzz\n")
	want(t, f.rows(nil), "3 targets", "p.FuzzC was never executed")
	want(t, f.rows(errors.New("go test: exit status 1")), "3 targets", "exit status 1", "p.FuzzC")
	none := fuzz{}
	want(t, none.rows(nil), "0 targets, 0 executions", "there is no target")
}

func TestFuzzNames(t *testing.T) {
	names, err := fuzzNames("x_test.go", `package x
func FuzzOne(f *testing.F) {}
func FuzzTwo(f *testing.F) {}
func Fuzzy() {}
func TestFuzz(t *testing.T) {}
func (w wheel) FuzzMethod(f *testing.F) {}
`)
	if err != nil || !slices.Equal(names, []string{"FuzzOne", "FuzzTwo"}) {
		t.Errorf("%v %v", names, err)
	}
	if _, err := fuzzNames("x_test.go", "no go"); err == nil {
		t.Error("what is no Go is taken")
	}
}
