package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A target is a fuzz test.
type target struct {
	dir  string // its module's
	pkg  string
	name string
}

// fuzzTargets returns every fuzz test of the modules' packages. It reads the
// sources, since go test -list would build each test program to ask it.
func fuzzTargets(mods []module) (all []target, err error) {
	for _, m := range mods {
		for _, p := range m.packages {
			for _, file := range p.tests() {
				names, err := fuzzNames(filepath.Join(p.Dir, file), nil)
				if err != nil {
					return nil, err
				}
				for _, name := range names {
					all = append(all, target{m.dir, p.ImportPath, name})
				}
			}
		}
	}
	return all, nil
}

// fuzzNames returns the names of the fuzz tests in a file; src is as in
// parser.ParseFile.
func fuzzNames(file string, src any) (names []string, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") && len(fn.Type.Params.List) == 1 {
			names = append(names, fn.Name.Name)
		}
	}
	return names, nil
}

func fuzzStage(o options, mods []module) *stage {
	targets, err := fuzzTargets(mods)
	f := fuzz{err: err}
	s := &stage{name: "fuzz", line: f.line, rows: f.rows, keepOn: true} // the next may find more
	for _, t := range targets {
		name := t.pkg + "." + t.name
		s.commands = append(s.commands, command{
			dir: t.dir,
			args: []string{"go", "test", "-run", "^$", "-fuzz", "^" + t.name + "$",
				"-fuzztime", o.fuzzTime.String(), "-fuzzminimizetime", "10x", t.pkg},
			before: func() { f.begin(name) },
			excuse: f.onlyTime,
		})
	}
	// Each builds a program with coverage, which takes longer than a short fuzz.
	s.timeout = time.Duration(len(targets)) * (o.fuzzTime + 2*time.Minute)
	s.progress = func() string {
		return fmt.Sprintf("%d of %d fuzz targets, %d executions", len(f.runs), len(targets), f.total())
	}
	return s
}

// fuzz sums up what go test -fuzz prints.
type fuzz struct {
	runs []fuzzRun
	err  error // the targets can't be told
}

type fuzzRun struct {
	target string
	execs  int
	failed bool     // "--- FAIL" was seen, and after it
	why    []string // these lines
}

// begin says which target the next lines are about.
func (f *fuzz) begin(target string) { f.runs = append(f.runs, fuzzRun{target: target}) }

// Before it makes inputs of its own it runs those that are known.
var execs = regexp.MustCompile(`^fuzz: elapsed: \S+, (?:execs: |gathering baseline coverage: )(\d+)`)

func (f *fuzz) line(text string) {
	if len(f.runs) == 0 {
		return
	}
	r := &f.runs[len(f.runs)-1]
	if m := execs.FindStringSubmatch(text); m != nil {
		r.execs, _ = strconv.Atoi(m[1])
	}
	switch {
	case strings.HasPrefix(text, "--- FAIL"):
		r.failed = true
	case r.failed && strings.HasPrefix(text, " "):
		r.why = append(r.why, strings.TrimSpace(text))
	}
}

// onlyTime reports whether the last run has failed for no other reason than that
// its time was over: before Go 1.27 it may call that a failure, if the end comes
// while an input runs (go.dev/issue/75804).
func (f *fuzz) onlyTime() bool {
	r := f.runs[len(f.runs)-1]
	return r.failed && len(r.why) == 1 && r.why[0] == context.DeadlineExceeded.Error()
}

func (f *fuzz) total() (n int) {
	for _, r := range f.runs {
		n += r.execs
	}
	return n
}

func (f *fuzz) rows(ended error) []row {
	sum := row{section: "fuzz", text: fmt.Sprintf("%d targets, %d executions", len(f.runs), f.total())}
	if f.err != nil {
		sum.wrongf("%v", f.err)
	}
	if ended != nil {
		sum.wrongf("%v", ended)
	}
	if len(f.runs) == 0 {
		sum.wrongf("there is no target")
	}
	for _, r := range f.runs {
		if r.execs == 0 {
			sum.wrongf("%s was never executed", r.target)
		}
	}
	return []row{sum}
}
