// Command conformance makes docs/conformance.md out of a test run:
//
//	go test -json ./... | go run ./internal/conformance > docs/conformance.md
//
// A test whose name begins with TestConformance_ and numbers, such as
// TestConformance_015_016_WakesDuringThePoll, shows the behaviours of these
// numbers in behaviours.txt. Which executor it shows them for is told by its
// package or, where a package has several, by a subtest called Local, Shared or
// Fiber. The command fails if a test has failed, or names a number that is not
// in the list.
package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

//go:embed behaviours.txt
var list string

func main() {
	rows, err := parseRows(list)
	if err == nil {
		err = read(os.Stdin, rows)
	}
	if failed := write(os.Stdout, rows); err == nil && failed > 0 {
		err = fmt.Errorf("%d behaviours have failed", failed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// A row is one behaviour, or the heading of several.
type row struct {
	heading string
	number  string
	text    string
	later   string
	results map[string]string // by executor: pass, fail or skip
}

func parseRows(text string) ([]*row, error) {
	var rows []*row
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			rows = append(rows, &row{heading: heading})
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) < 2 || len(cells) > 3 || !isNumber(cells[0]) {
			return nil, fmt.Errorf("behaviours.txt: %q is no number, tab, behaviour", line)
		}
		r := &row{number: cells[0], text: cells[1], results: make(map[string]string)}
		if len(cells) == 3 {
			r.later = cells[2]
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// isNumber reports whether s is three digits, perhaps with a letter behind.
func isNumber(s string) bool {
	if len(s) != 3 && len(s) != 4 {
		return false
	}
	for i, c := range s {
		if i < 3 && (c < '0' || c > '9') || i == 3 && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// An event is a line of go test -json.
type event struct {
	Action, Package, Test string
}

func read(in io.Reader, rows []*row) error {
	byNumber := make(map[string]*row)
	for _, r := range rows {
		if r.number != "" {
			byNumber[r.number] = r
		}
	}
	var broken []string // packages: also those that could not be built
	within := subtests{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if len(lines.Bytes()) == 0 || lines.Bytes()[0] != '{' {
			continue // what the go command says itself
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("the input is not that of go test -json: %w", err)
		}
		if e.Test == "" && e.Action == "fail" {
			broken = append(broken, e.Package)
		}
		name, ok := strings.CutPrefix(e.Test, "TestConformance_")
		if !ok || e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
			continue
		}
		e.Action = within.result(e)
		for _, n := range numbers(name) {
			r := byNumber[n]
			if r == nil {
				return fmt.Errorf("%s of %s: behaviours.txt has no number %s", e.Test, e.Package, n)
			}
			ex := executor(e.Package, name)
			r.results[ex] = worse(r.results[ex], e.Action)
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("packages have failed: %s", strings.Join(broken, ", "))
	}
	return lines.Err()
}

// subtests are the tests that have some: true if one of these was not skipped.
type subtests map[string]bool

// result is the action of an event that ends a test. A test passes also if all of
// its subtests are skipped, which shows nothing: it counts as skipped then.
func (s subtests) result(e event) string {
	result := e.Action
	if some, has := s[e.Package+" "+e.Test]; has && !some && result == "pass" {
		result = "skip"
	}
	if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
		above := e.Package + " " + e.Test[:i]
		s[above] = s[above] || result != "skip"
	}
	return result
}

// numbers are those that a test's name begins with.
func numbers(name string) (all []string) {
	test, _, _ := strings.Cut(name, "/")
	for part := range strings.SplitSeq(test, "_") {
		if !isNumber(part) {
			break
		}
		all = append(all, part)
	}
	return all
}

// executor says what a test is about.
func executor(pkg, name string) string {
	switch name[strings.LastIndexByte(name, '/')+1:] {
	case "Local":
		return "Local"
	case "Shared":
		return "Shared"
	case "Fiber":
		return "fibers"
	}
	_, within, _ := strings.Cut(pkg, "github.com/rouse-go/rouse")
	switch within {
	case "":
		return "bare tasks"
	case "/executor":
		if strings.Contains(name, "Shared") {
			return "Shared"
		}
		return "Local"
	case "/fiber":
		return "fibers"
	}
	return within[1:]
}

// worse is the result of both: a failure counts, and a pass more than a skip.
func worse(a, b string) string {
	for _, result := range []string{"fail", "pass"} {
		if a == result || b == result {
			return result
		}
	}
	return b
}

// result is that of a row: missing if nothing has shown it.
func (r *row) result() string {
	all := r.later
	if all == "" {
		all = "missing"
	}
	sum := ""
	for _, one := range r.results {
		sum = worse(sum, one)
	}
	if sum != "" {
		return sum
	}
	return all
}

func (r *row) executors() string {
	var names []string
	for name, one := range r.results {
		if one == "skip" {
			name += " (skipped)"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// write writes the table and returns how many behaviours have failed.
func write(out io.Writer, rows []*row) (failed int) {
	count := make(map[string]int)
	for _, r := range rows {
		if r.heading == "" {
			result, _, _ := strings.Cut(r.result(), ":")
			count[result]++
		}
	}
	fmt.Fprintf(out, "# Conformance\n\nMade by `make conformance` from a test run; not to be edited.\n\n"+
		"%d passed, %d failed, %d skipped on this machine, %d without a test, %d about what is not built yet.\n",
		count["pass"], count["fail"], count["skip"], count["missing"], count["later"])
	for _, r := range rows {
		if r.heading != "" {
			fmt.Fprintf(out, "\n## %s\n\n| number | behaviour | shown for | result |\n| --- | --- | --- | --- |\n", r.heading)
			continue
		}
		text := strings.ReplaceAll(r.text, "|", "\\|")
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", r.number, text, r.executors(), r.result())
	}
	return count["fail"]
}
