package main

import "testing"

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		line, kind string
		ok         bool
	}{
		{"leak: package=a goroutines=1", "leak", true},
		{"    x_test.go:12: fault: driver=uring kind=eintr injected=3", "fault", true},
		{"leak: package=a goroutines=1", "fault", false},
		{"no leak: package=a", "leak", false},
		{"leak:", "leak", false},
	} {
		if r, ok := parseRecord(c.line, c.kind); ok != c.ok {
			t.Errorf("%q: %v %v", c.line, r, ok)
		}
	}
	r, _ := parseRecord("leak: package=a goroutines=12 odd x=y\n", "leak")
	n, ok := r.number("goroutines")
	if _, bad := r.number("x"); r["package"] != "a" || n != 12 || !ok || bad {
		t.Errorf("%v", r)
	}
}
