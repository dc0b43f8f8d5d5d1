package main

import (
	"errors"
	"testing"
)

func TestTests(t *testing.T) {
	mods := []module{{dir: ".", packages: []pkg{
		{ImportPath: "example.org/a", TestGoFiles: []string{"a_test.go"}},
		{ImportPath: "example.org/b", XTestGoFiles: []string{"b_test.go"}},
		{ImportPath: "example.org/c"},
	}}}
	s := newTests(mods)
	feed(s.line, `{"Action":"start","Package":"example.org/a"}
{"Action":"output","Package":"example.org/a","Test":"TestX","Output":"    x_test.go:3: fault: driver=none kind=eio injected=4\n"}
{"Action":"pass","Package":"example.org/a","Test":"TestX","Elapsed":0.1}
{"Action":"skip","Package":"example.org/a","Test":"TestY","Elapsed":0.1}
{"Action":"output","Package":"example.org/a","Output":"leak: package=example.org/a goroutines=0 descriptors=0\n"}
{"Action":"pass","Package":"example.org/a","Elapsed":0.1}
{"Action":"skip","Package":"example.org/c","Elapsed":0}
`)
	want(t, []row{s.row(nil)}, "1 passed, 0 failed, 1 skipped, in 1 packages", "2 packages have tests, and 1 of them were run")
	want(t, s.faults.rows(), "none: 4 injected: eio 4")
	feed(s.line, `{"Action":"output","Package":"example.org/b","Output":"leak: package=example.org/b goroutines=0 descriptors=0\n"}
{"Action":"pass","Package":"example.org/b","Elapsed":0.1}
`)
	want(t, []row{s.row(nil), s.leaks.row()}, "2 of 2 test packages account")
	feed(s.line, `{"Action":"fail","Package":"example.org/b","Test":"TestZ","Elapsed":0.1}
{"Action":"fail","Package":"example.org/b","Elapsed":0.1}
not json
`)
	want(t, []row{s.row(errors.New("exit status 1"))}, "1 failed", "exit status 1", "failed: example.org/b TestZ", "failed: example.org/b")
	none := newTests(nil)
	want(t, []row{none.row(nil)}, "0 passed", "no test was run")
}

func TestConformance(t *testing.T) {
	for _, c := range []struct{ page, wrong, text string }{
		{"# Conformance\n\n106 passed, 0 failed, 3 skipped on this machine, 11 without a test, 22 about what is not built yet.\n",
			"", "106 passed, 0 failed, 3 skipped here, 11 without a test, 22 later"},
		{"105 passed, 1 failed, 0 skipped on this machine, 11 without a test, 22 about what is not built yet.\n", "1 behaviours", "1 failed"},
		{"0 passed, 0 failed, 0 skipped on this machine, 11 without a test, 22 about what is not built yet.\n", "no behaviour", "0 passed"},
		{"", "counted nothing", ""},
	} {
		r := row{section: "conformance"}
		r.parseConformance(c.page)
		if c.wrong == "" {
			want(t, []row{r}, c.text)
		} else {
			want(t, []row{r}, c.text, c.wrong)
		}
	}
}
