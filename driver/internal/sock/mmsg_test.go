//go:build linux

package sock

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// Between calls no buffer of a caller is kept, whether a call succeeded or not.
func TestPacketsKeepNothing(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	p, now := new(Packets), new(clock)
	msgs := make([]driver.Message, 5)
	for k := range msgs {
		msgs[k].Buf = []byte{byte(k), 1}
	}
	empty := func(when string) {
		t.Helper()
		for k := range p.iovs {
			if p.iovs[k].Base != nil {
				t.Fatalf("%s: a buffer is kept", when)
			}
		}
	}
	if n, errno := p.Send(pair[0], msgs, Peer, now); n != len(msgs) || errno != 0 {
		t.Fatalf("sent %d, %v", n, errno)
	}
	empty("after Send")
	if n, errno := p.Recv(pair[1], msgs, now); n != len(msgs) || errno != 0 || msgs[4].N != 2 {
		t.Fatalf("received %d, %v", n, errno)
	}
	empty("after Recv")
	if n, errno := p.Recv(pair[1], msgs, now); n != 0 || errno != unix.EAGAIN {
		t.Fatalf("received %d, %v", n, errno)
	}
	empty("after a Recv that found nothing")
	if n, errno := p.Send(pair[0], msgs, Inet4, now); n != 0 || errno != unix.EDESTADDRREQ {
		t.Fatalf("sent %d, %v", n, errno)
	}
	empty("after a Send that failed")
}
