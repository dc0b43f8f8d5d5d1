package main

import (
	"errors"
	"testing"
)

func TestSoak(t *testing.T) {
	var s soak
	feed(s.line, "soak: seed=7 drivers=manual,epoll\nsoak: so far after 10s: rounds=5 polls=30 results=9\n")
	want(t, s.rows(nil), "5 random programs", "no")
	feed(s.line, "soak: ok after 20s: rounds=9 polls=70 results=20 slowest=1ms(epoll:8)\n")
	want(t, s.rows(nil), "9 random programs, 70 polls")
	feed(s.line, "soak: FAULT: element 3 was sent and is lost\nsoak: FAILED after 20s: rounds=10 polls=80\n")
	want(t, s.rows(errors.New("exit status 1")), "10 random programs", "exit status 1", "element 3 was sent and is lost", "not come to a good end")
	var none soak
	want(t, none.rows(nil), "0 random programs", "not come to a good end")
}
