//go:build linux

package uring

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// FuzzBuffers does what its input says to a few connections that share a small
// ring of buffers, next to a model that has their bytes as plain slices. Each
// byte is one step: what is done, to whom, and with how much. After each step
// every buffer is in exactly one place.
func FuzzBuffers(f *testing.F) {
	f.Add([]byte{0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70})
	f.Add(bytes.Repeat([]byte{0x0f, 0x1f, 0x2f, 0x3f}, 40)) // all send, nobody reads
	f.Add(append(bytes.Repeat([]byte{0x0f, 0x87}, 60), 0xc0, 0xc1, 0xc2, 0xc3))
	f.Add([]byte{0x05, 0x85, 0xc5, 0x05, 0xe5, 0x85, 0xff, 0x0f, 0x8f, 0xef})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 300 {
			steps = steps[:300]
		}
		d := start(t, Config{Entries: 8, Buffers: 64, BufferSize: 1024})
		var conns [4]fuzzed
		for i := range conns {
			conns[i].open(t, d)
		}
		for k, b := range steps {
			c, amount := &conns[b&3], 1+int(b>>2&7)*700
			switch b >> 5 {
			case 0, 1, 2: // the peer sends
				c.peerSends(byte(k), amount)
			case 3: // a Recv takes what is there, or waits
				c.recv(t, d, amount)
			case 4:
				for range 8 {
					c.recv(t, d, amount)
				}
			case 5:
				d.Cancel(&c.op)
			case 6:
				c.close(t, d)
				c.open(t, d)
			case 7:
				d.sweepHolders(b&4 != 0)
			}
			if _, err := d.Park(0); err != nil {
				t.Fatal(err)
			}
			account(t, d)
		}
		for i := range conns {
			conns[i].close(t, d)
		}
		rest(t, d, 0)
	})
}

// A fuzzed is one connection of FuzzBuffers, and what its peer has sent that has
// not been read.
type fuzzed struct {
	h    driver.Handle
	peer int
	sent []byte
	op   driver.Op
}

// open makes one of a pair of unix sockets, which no listener is needed for.
func (c *fuzzed) open(t *testing.T, d *Driver) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.begun(); err != nil {
		t.Fatal(err)
	}
	i, _ := d.add(pair[0], kindUnix)
	*c = fuzzed{h: d.slots.Handle(i), peer: pair[1]}
}

func (c *fuzzed) close(t *testing.T, d *Driver) {
	t.Helper()
	shut(t, d, c.h)
	if c.op.InFlight() {
		t.Fatal("a Recv is in flight after its Handle was closed")
	}
	unix.Close(c.peer)
}

func (c *fuzzed) peerSends(mark byte, n int) {
	data := make([]byte, n)
	for i := range data {
		data[i] = mark + byte(i)
	}
	if n, err := unix.Write(c.peer, data); err == nil {
		c.sent = append(c.sent, data[:n]...)
	}
}

func (c *fuzzed) recv(t *testing.T, d *Driver, n int) {
	t.Helper()
	if c.op.InFlight() {
		return
	}
	c.op.Reset()
	c.op.Code, c.op.Handle, c.op.Buf = driver.Recv, c.h, make([]byte, n)
	if !d.Submit(&c.op) {
		return
	}
	if c.op.Err != nil || c.op.N == 0 || !bytes.HasPrefix(c.sent, c.op.Buf[:c.op.N]) {
		t.Fatalf("received %d bytes, %v; they are not what was sent", c.op.N, c.op.Err)
	}
	c.sent = c.sent[c.op.N:]
}

// account checks that each buffer is with the kernel or in one queue, once.
func account(t *testing.T, d *Driver) {
	t.Helper()
	where := make([]int, d.buffers.Len())
	held := 0
	for i, s := range d.slots.All() {
		n := 0
		for next := s.got.first; n < int(s.got.count); n++ {
			bid := next - 1
			if where[bid]++; where[bid] > 1 {
				t.Fatalf("buffer %d is held twice, last by slot %d", bid, i)
			}
			if n == int(s.got.count)-1 && next != s.got.last {
				t.Fatalf("slot %d: the queue ends at %d, not at %d", i, next, s.got.last)
			}
			next = d.hold.next[bid]
		}
		held += n
		if n > 0 && s.flags&holds == 0 {
			t.Fatalf("slot %d holds %d buffers and is not in the list", i, n)
		}
	}
	// After a Park the ones that the kernel has used have all been told.
	if d.hold.free+held != len(where) || d.hold.free < 0 {
		t.Fatalf("%d buffers with the kernel and %d held, of %d", d.hold.free, held, len(where))
	}
}
