package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// leaks sums up the lines in which test packages say what they have left behind:
//
//	leak: package=example.org/a goroutines=0 descriptors=0 rings=0
type leaks struct {
	expected map[string]bool           // import paths: true if it has accounted
	extra    map[string]map[string]int // by kind and package
	wrong    []string
}

// expect says that a package has tests, and so must account.
func (l *leaks) expect(path string) {
	if l.expected == nil {
		l.expected = map[string]bool{}
	}
	l.expected[path] = false
}

func (l *leaks) line(text string) {
	r, ok := parseRecord(text, "leak")
	if !ok {
		return
	}
	path := r["package"]
	if path == "" || len(r) < 2 {
		l.wrong = append(l.wrong, "this line says nothing: "+strings.TrimSpace(text))
		return
	}
	l.expect(path)
	l.expected[path] = true
	if l.extra == nil {
		l.extra = map[string]map[string]int{}
	}
	for kind := range r {
		if kind == "package" {
			continue
		}
		n, isNumber := r.number(kind)
		if !isNumber {
			l.wrong = append(l.wrong, "this line says nothing: "+strings.TrimSpace(text))
			continue
		}
		if l.extra[kind] == nil {
			l.extra[kind] = map[string]int{}
		}
		l.extra[kind][path] += max(n, 0)
	}
}

func (l *leaks) row() row {
	r := row{section: "leaks"}
	accounted := 0
	for _, path := range slices.Sorted(maps.Keys(l.expected)) {
		if l.expected[path] {
			accounted++
		} else {
			r.wrongf("does not account: %s", path)
		}
	}
	var sums []string
	for _, kind := range slices.Sorted(maps.Keys(l.extra)) {
		sum := 0
		for _, path := range slices.Sorted(maps.Keys(l.extra[kind])) {
			n := l.extra[kind][path]
			if sum += n; n > 0 {
				r.wrongf("%d %s left by %s", n, kind, path)
			}
		}
		sums = append(sums, fmt.Sprintf("%s %d", kind, sum))
	}
	r.text = fmt.Sprintf("%d of %d test packages account; left: %s", accounted, len(l.expected), strings.Join(sums, ", "))
	if accounted == 0 {
		r.wrongf("no package accounts")
	}
	r.wrong = append(r.wrong, l.wrong...)
	return r
}
