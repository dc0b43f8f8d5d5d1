package main

import "testing"

func TestFaults(t *testing.T) {
	var f faults
	feed(f.line, `    fault_test.go:9: fault: driver=uring kind=eintr injected=12
    fault_test.go:9: fault: driver=uring kind=eintr injected=3
fault: driver=uring kind=enomem injected=1
fault: driver=epoll kind=emfile injected=2
`)
	want(t, f.rows(), "uring: 16 injected: eintr 15, enomem 1")
	want(t, f.rows(), "epoll: 2 injected: emfile 2")
	feed(f.line, "fault: driver=uring kind=eintr injected=0\n")
	want(t, f.rows(), "uring: 16 injected: eintr 15, enomem 1", "a test has injected none: fault: driver=uring kind=eintr injected=0")
	feed(f.line, "fault: driver=epoll kind=eio injected=many\n")
	want(t, f.rows(), "epoll: 2 injected", "injected none", "says nothing: fault: driver=epoll kind=eio injected=many")
	var none faults
	want(t, none.rows(), "0 injected", "no test has injected a fault")
}
