//go:build linux

package epoll

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

// socket returns the slot of a connection, listener or datagram socket.
func (d *Driver) socket(h driver.Handle) (*slot, error) {
	_, s := d.slots.Get(h)
	if s == nil {
		return nil, driver.ErrClosed
	}
	switch s.kind {
	case kindTCP, kindUnix, kindListener, kindPacket:
		return s, nil
	}
	return nil, driver.ErrKind
}

func (d *Driver) setOption(op *driver.Op) bool {
	s, err := d.socket(op.Handle)
	if err == nil {
		err = sock.SetOption(int(s.fd), op.Args)
	}
	return op.FinishNow(0, err)
}

func (d *Driver) query(op *driver.Op) bool {
	s, err := d.socket(op.Handle)
	if err == nil {
		peer := s.kind != kindListener && (s.kind != kindPacket || s.ext.dest == sock.Peer)
		err = sock.Query(int(s.fd), op.Args, peer)
	}
	return op.FinishNow(0, err)
}
