//go:build linux

package uring

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

type kind uint8

const (
	kindTCP kind = iota
	kindUnix
	kindListener
	kindAttached
	kindFile
	kindPacket
)

const (
	ended   uint8 = 1 << iota // a stream: nothing more to receive
	closing                   // a stream: shut down for sending when all is sent
	abrupt                    // a stream: closing it throws away what was not sent
	stopped                   // the receive was told to end
	dry                       // in the list of those that found no buffer
	holds                     // in the list of those that hold buffers
)

// A slot is what the driver keeps of one descriptor.
type slot struct {
	fd    int32
	kind  kind
	flags uint8
	in    mark // the request that receives, accepts or waits to read; 0 for none
	ring.Sides
	got held      // a stream's received buffers
	out *outgoing // a stream's unsent bytes; nil if there are none
	ext *extra
}

// extra is what only few descriptors have, or only for a time.
type extra struct {
	path    string    // a unix listener's, to unlink
	file    *openFile // a file's
	pending []int32   // a listener's connections that nobody has accepted
	spill   []byte    // a stream's received bytes that had to leave their buffers
	recvErr error     // what receiving ended with
	sendErr error     // what sending ended with
	out     mark      // the request that waits to write, of an attached descriptor
	dest    sock.Dest // a datagram socket's
}

// more returns the slot's extra.
func (s *slot) more() *extra {
	if s.ext == nil {
		s.ext = new(extra)
	}
	return s.ext
}

// add takes a slot for fd.
func (d *Driver) add(fd int, k kind) (uint32, *slot) {
	i, s := d.slots.Add()
	s.fd, s.kind = int32(fd), k
	return i, s
}

// lookup returns the slot of op's Handle if it is of a kind that ok allows, or
// an error that says why not. It panics if op is in flight.
func (d *Driver) lookup(op *driver.Op, ok func(kind) bool) (uint32, *slot, error) {
	if op.InFlight() {
		panic(ring.Busy)
	}
	i, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return 0, nil, driver.ErrClosed
	case !ok(s.kind):
		return 0, nil, driver.ErrKind
	}
	return i, s, nil
}

func isStream(k kind) bool   { return k <= kindUnix }
func isListener(k kind) bool { return k == kindListener }
func isAttached(k kind) bool { return k == kindAttached }
func isPacket(k kind) bool   { return k == kindPacket }
func isSocket(k kind) bool   { return k <= kindListener || k == kindPacket }
