//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// The end of a stage ends what its processes have started, too, and those that
// don't listen.
func TestGroupEnds(t *testing.T) {
	defer func(was time.Duration) { goodbye = was }(goodbye)
	goodbye = 200 * time.Millisecond
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	last := time.Now().Add(30 * time.Second)
	l.SetDeadline(last)
	t.Setenv("VERIFY_CHILD_CALLS", l.Addr().String())
	s, _ := example(t, "resist", time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan []row, 1)
	go func() { ended <- run(ctx, []*stage{s}, nil) }()
	child, err := l.Accept()
	cancel()
	want(t, <-ended, "WRONG", "context canceled")
	if err != nil {
		t.Fatalf("the child does not call: %v", err)
	}
	defer child.Close()
	child.SetDeadline(last)
	if _, err := child.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the child lives on: %v", err)
	}
}
