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
	f.begin("p.FuzzD")
	feed(f.line, "fuzz: elapsed: 2s, gathering baseline coverage: 3/9 completed\n")
	want(t, f.rows(nil), "4 targets, 680223 executions", "p.FuzzC was never executed")
	want(t, f.rows(errors.New("go test: exit status 1")), "4 targets", "exit status 1", "p.FuzzC")
	none := fuzz{}
	want(t, none.rows(nil), "0 targets, 0 executions", "there is no target")
}

// Whose time was over has not failed, and whoever says anything else has.
func TestFuzzOnlyTime(t *testing.T) {
	for text, only := range map[string]bool{
		"": false,
		"--- FAIL: FuzzA (2.10s)\n    context deadline exceeded\nFAIL\nexit status 1\n":                                             true,
		"--- FAIL: FuzzA (2.10s)\n    --- FAIL: FuzzA (0.00s)\n        a_test.go:7: no\n    context deadline exceeded\nFAIL\n":      false,
		"--- FAIL: FuzzA (2.10s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n":                       false,
		"--- FAIL: FuzzA (2.10s)\n    a_test.go:7: no\n\n    Failing input written to testdata/fuzz/FuzzA/771e938e4458e983\nFAIL\n": false,
		"FAIL\tp [build failed]\n": false,
	} {
		var f fuzz
		f.begin("p.FuzzA")
		feed(f.line, text)
		if got := f.onlyTime(); got != only {
			t.Errorf("%v: %s", got, text)
		}
	}
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
