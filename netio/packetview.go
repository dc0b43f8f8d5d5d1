package netio

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// NetPacketConn returns a view of c as a net.PacketConn, for code that was
// written for package net. What [Conn.NetConn] says of ctx, of who may call and
// of several callers at once holds here, too.
//
// The view also has Read, Write and RemoteAddr, so that it is a net.Conn when
// the socket is connected, and ReadFromUDPAddrPort, WriteToUDPAddrPort,
// SetReadBuffer, SetWriteBuffer, and Unwrap, which returns c. Like a
// net.UDPConn it refuses an address to write to if it is connected.
func (c *PacketConn) NetPacketConn(ctx context.Context) net.PacketConn {
	return &netPacketConn{PacketConn: c, ctx: ctx}
}

type netPacketConn struct {
	*PacketConn
	ctx     context.Context
	in, out lane
}

var _ net.Conn = (*netPacketConn)(nil)

// Unwrap returns the PacketConn behind the view.
func (v *netPacketConn) Unwrap() *PacketConn { return v.PacketConn }

func (v *netPacketConn) ReadFrom(buf []byte) (int, net.Addr, error) {
	n, from, err := v.ReadFromUDPAddrPort(buf)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

func (v *netPacketConn) ReadFromUDPAddrPort(buf []byte) (int, netip.AddrPort, error) {
	t := newExchange(v.PacketConn, false, nil)
	t.lane = &v.in
	n, from, err := v.recvFrom(v.ctx, t, buf)
	return n, from, v.wrap("read", err)
}

func (v *netPacketConn) Read(buf []byte) (int, error) {
	n, _, err := v.ReadFromUDPAddrPort(buf)
	return n, err
}

func (v *netPacketConn) WriteTo(buf []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok || to == nil {
		return 0, v.opError("write", syscall.EINVAL)
	}
	return v.WriteToUDPAddrPort(buf, to.AddrPort())
}

func (v *netPacketConn) WriteToUDPAddrPort(buf []byte, to netip.AddrPort) (int, error) {
	if v.peer.IsValid() {
		return 0, v.opError("write", net.ErrWriteToConnected)
	}
	return v.write(buf, to)
}

func (v *netPacketConn) Write(buf []byte) (int, error) { return v.write(buf, netip.AddrPort{}) }

func (v *netPacketConn) write(buf []byte, to netip.AddrPort) (int, error) {
	t := newExchange(v.PacketConn, true, nil)
	t.lane = &v.out
	if err := v.sendTo(v.ctx, t, buf, to); err != nil {
		return 0, v.wrap("write", err)
	}
	return len(buf), nil
}

// wrap gives an error of the context the looks of one of package net.
func (v *netPacketConn) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if wrapped, ok := err.(*net.OpError); ok {
		return wrapped
	}
	return &net.OpError{Op: op, Net: v.home.network, Source: v.LocalAddr(), Addr: v.RemoteAddr(), Err: ended(err)}
}

func (v *netPacketConn) Close() error {
	err := v.PacketConn.Close()
	_ = v.home.Do(func() { v.in.close(v.home); v.out.close(v.home) })
	return err
}

func (v *netPacketConn) SetDeadline(t time.Time) error {
	return v.deadlines(func() { v.in.set(v.home, t); v.out.set(v.home, t) })
}

func (v *netPacketConn) SetReadDeadline(t time.Time) error {
	return v.deadlines(func() { v.in.set(v.home, t) })
}

func (v *netPacketConn) SetWriteDeadline(t time.Time) error {
	return v.deadlines(func() { v.out.set(v.home, t) })
}

func (v *netPacketConn) deadlines(set func()) error {
	if v.closed.Load() {
		return v.opError("set", ErrClosed)
	}
	err := v.home.Do(func() {
		if !v.closed.Load() { // or the alarms would be left behind
			set()
		}
	})
	if err != nil {
		return v.opError("set", err)
	}
	return nil
}
