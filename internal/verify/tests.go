package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func testStage(o options, mods []module) *stage {
	t := newTests(mods)
	s := &stage{
		name:     "tests",
		timeout:  30 * time.Minute,
		line:     t.line,
		progress: t.progress,
	}
	flags := "-json -count=1 -timeout=10m"
	if o.race {
		flags += " -race -shuffle=on"
	}
	s.commands = []command{{args: []string{"make", "--no-print-directory", "test", "TESTFLAGS=" + flags}}}
	s.rows = func(ended error) []row {
		return append([]row{t.row(ended), conformanceRow(s.name)}, append(t.faults.rows(), t.leaks.row())...)
	}
	return s
}

// An event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// tests sums up a run of go test -json.
type tests struct {
	packages int // that have tests
	ended    int
	broken   []string // packages that failed
	passed   int      // tests and subtests
	skipped  int
	failed   []string

	output map[string][]string // of what has not ended
	faults faults
	leaks  leaks
}

func newTests(mods []module) *tests {
	t := &tests{output: map[string][]string{}}
	for _, m := range mods {
		for _, p := range m.packages {
			if len(p.tests()) > 0 {
				t.packages++
				t.leaks.expect(p.ImportPath)
			}
		}
	}
	return t
}

func (t *tests) progress() string {
	return fmt.Sprintf("%d of %d packages, %d tests passed, %d failed", t.ended, t.packages, t.passed, len(t.failed))
}

func (t *tests) line(text string) {
	var e event
	if !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &e) != nil {
		if strings.TrimSpace(text) != "" {
			fmt.Println(text) // the go command's own words, such as why it can't build
		}
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		t.output[key] = append(t.output[key], e.Output)
		t.faults.line(e.Output)
		t.leaks.line(e.Output)
		if e.Action == "build-output" {
			fmt.Print(e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.packageEnded(e, t.output[key])
		} else {
			t.testEnded(e, t.output[key])
		}
		delete(t.output, key)
	}
}

func (t *tests) testEnded(e event, output []string) {
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
	default:
		t.failed = append(t.failed, e.Package+" "+e.Test)
		fmt.Print(strings.Join(output, ""))
	}
}

func (t *tests) packageEnded(e event, output []string) {
	switch e.Action {
	case "skip": // no test files
		return
	case "fail":
		t.broken = append(t.broken, e.Package)
		fmt.Print(strings.Join(output, ""))
		fmt.Printf("FAIL\t%s\t%.1fs\n", e.Package, e.Elapsed)
	default:
		fmt.Printf("ok\t%s\t%.1fs\n", e.Package, e.Elapsed)
	}
	t.ended++
}

func (t *tests) row(ended error) row {
	r := row{section: "tests", text: fmt.Sprintf("%d passed, %d failed, %d skipped, in %d packages",
		t.passed, len(t.failed), t.skipped, t.ended)}
	if ended != nil {
		r.wrongf("%v", ended)
	}
	for _, name := range slices.Concat(t.failed, t.broken) {
		r.wrongf("failed: %s", name)
	}
	if t.passed == 0 {
		r.wrongf("no test was run")
	}
	if t.ended < t.packages {
		r.wrongf("%d packages have tests, and %d of them were run", t.packages, t.ended)
	}
	return r
}

// conformanceRow has the program that makes docs/conformance.md read the output
// of a stage.
func conformanceRow(stage string) row {
	r := row{section: "conformance"}
	in, err := os.Open(logPath(stage))
	if err != nil {
		r.wrongf("%v", err)
		return r
	}
	defer in.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "run", "./internal/conformance")
	cmd.Stdin = in
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	r.parseConformance(string(out))
	if err != nil {
		r.wrongf("%v: %s", err, strings.TrimSpace(errs.String()))
	}
	return r
}

// parseConformance takes the sentence that counts the rows.
func (r *row) parseConformance(page string) {
	for line := range strings.Lines(page) {
		var passed, failed, skipped, missing, later int
		n, _ := fmt.Sscanf(line, "%d passed, %d failed, %d skipped on this machine, %d without a test, %d about what is not built yet.",
			&passed, &failed, &skipped, &missing, &later)
		if n < 5 {
			continue
		}
		r.text = fmt.Sprintf("%d passed, %d failed, %d skipped here, %d without a test, %d later", passed, failed, skipped, missing, later)
		if failed > 0 {
			r.wrongf("%d behaviours are not as they should be", failed)
		}
		if passed == 0 {
			r.wrongf("no behaviour was shown")
		}
		return
	}
	r.wrongf("internal/conformance has counted nothing")
}
