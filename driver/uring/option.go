//go:build linux

package uring

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

func (d *Driver) setOption(op *driver.Op) bool {
	_, s, err := d.lookup(op, isSocket)
	if err == nil {
		err = sock.SetOption(int(s.fd), op.Args)
	}
	if err == nil && op.Args.Option == driver.Linger {
		if s.flags &^= abrupt; op.Args.Value == 0 {
			s.flags |= abrupt
		}
	}
	return op.FinishNow(0, err)
}

func (d *Driver) query(op *driver.Op) bool {
	_, s, err := d.lookup(op, isSocket)
	if err == nil {
		peer := isStream(s.kind) || s.kind == kindPacket && s.ext.dest == sock.Peer
		err = sock.Query(int(s.fd), op.Args, peer)
	}
	return op.FinishNow(0, err)
}
