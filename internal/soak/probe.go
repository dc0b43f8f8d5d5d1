package main

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// A probe sees whether the echo of datagrams is alive, when all is quiet.
// Datagrams get lost, so it sends one again and again; but who waits for them,
// here and there, has no timer, so that a program hangs in which nobody tells
// them any more.
type probe struct {
	st   *site
	conn *netio.PacketConn
	back bool
	wait rouse.JoinHandle[int]
}

func newProbe(cx *rouse.Context, st *site) (*probe, error) {
	conn, err := netio.PollListenPacket(cx, "udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &probe{st: st, conn: conn}
	p.wait = executor.Spawn[int](st.ex, rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		_, _, err := conn.PollRecvFrom(cx, make([]byte, 1))
		p.back = p.back || err == nil
		return 0, err
	}))
	return p, nil
}

// send sends one more, and reports whether one has come back.
func (p *probe) send(cx *rouse.Context) (bool, error) {
	if p.back {
		return true, p.conn.Close()
	}
	err := p.conn.PollSendTo(cx, []byte{'?'}, p.st.echo)
	if err == rouse.Pending {
		err = nil // the next time, then
	}
	return false, err
}
