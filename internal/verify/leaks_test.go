package main

import "testing"

func TestLeaks(t *testing.T) {
	var l leaks
	l.expect("example.org/a")
	l.expect("example.org/b")
	feed(l.line, "leak: package=example.org/a goroutines=0 descriptors=0 rings=0\n")
	want(t, []row{l.row()}, "1 of 2 test packages account; left: descriptors 0, goroutines 0, rings 0", "does not account: example.org/b")
	feed(l.line, "leak: package=example.org/b goroutines=0 descriptors=0\n")
	want(t, []row{l.row()}, "2 of 2 test packages account")
	feed(l.line, "leak: package=example.org/b goroutines=2 descriptors=0\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines left by example.org/b")
	feed(l.line, "leak: package=example.org/b goroutines=few\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines", "says nothing")
	feed(l.line, "leak: goroutines=0\n")
	want(t, []row{l.row()}, "goroutines 2", "2 goroutines", "says nothing", "says nothing")
	var none leaks
	want(t, []row{none.row()}, "0 of 0", "no package accounts")
}
