//go:build linux

package epoll

import (
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
	"github.com/rouse-go/rouse/internal/filepool"
)

type kind uint8

const (
	kindTCP kind = iota
	kindUnix
	kindConnecting
	kindListener
	kindAttached
	kindFile
	kindPacket
)

// What we believe of a descriptor.
const (
	readable uint8 = 1 << iota // a read may find something
	writable                   // a write may find room
	exact                      // look until EAGAIN: a short count proves nothing
	watched                    // registered with epoll
	sending                    // a datagram socket: registered for EPOLLOUT, too
)

// A slot is what the driver keeps of one descriptor: 32 bytes, and 8 in the
// table. Index and generation of its Handle are the data of its events, so a
// stale event is known like a stale Handle.
type slot struct {
	fd    int32
	kind  kind
	flags uint8
	ring.Sides
	ext *extra
}

// extra is what only few descriptors have.
type extra struct {
	path string // a unix listener's, to unlink
	file *filepool.File
	dest sock.Dest // a datagram socket's
}

// add takes a slot for fd.
func (d *Driver) add(fd int, k kind, flags uint8) (uint32, *slot) {
	i, s := d.slots.Add()
	s.fd, s.kind, s.flags = int32(fd), k, flags
	return i, s
}
