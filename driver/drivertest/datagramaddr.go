package drivertest

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// needIPv6 skips on a machine without it.
func (w *world) needIPv6() {
	if pc, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
		w.Skipf("this machine has no IPv6: %v", err)
	} else {
		pc.Close()
	}
}

// A socket without an IP serves both versions of it; an IPv4 address is one at
// both ends.
func datagramDualStack(w *world) {
	w.needIPv6()
	a, at := w.packet("udp", netip.AddrPort{}, netip.AddrPort{})
	for _, ip := range []string{"127.0.0.1", "::1"} {
		me := netip.AddrPortFrom(netip.MustParseAddr(ip), at.Port())
		b, bt := w.packet("udp", netip.AddrPortFrom(me.Addr(), 0), netip.AddrPort{})
		w.sendAll(b, messageTo(me, "ping"))
		w.wantOne(a, "ping", bt)
		w.sendAll(a, messageTo(bt, "pong"))
		w.wantOne(b, "pong", me)
	}
	only4, _ := w.packet("udp4", netip.AddrPort{}, netip.AddrPort{})
	if ip := w.query(only4).Local.Addr(); !ip.Is4() {
		w.Errorf("udp4 listens at %v", ip)
	}
	op := sendMsgs(only4, messageTo(netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()), "x"))
	w.eventually("an error for an IPv6 address", func() bool {
		op.Reset()
		w.wait(op)
		return op.Err != nil
	})
	only6, _ := w.packet("udp6", netip.AddrPort{}, netip.AddrPort{})
	if ip := w.query(only6).Local.Addr(); !ip.Is6() {
		w.Errorf("udp6 listens at %v", ip)
	}
}

// linkLocal returns an address of this machine that has a zone, if there is one.
func linkLocal() netip.Addr {
	interfaces, _ := net.Interfaces()
	for _, ifi := range interfaces {
		addrs, _ := ifi.Addrs()
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
				return p.Addr().WithZone(ifi.Name)
			}
		}
	}
	return netip.Addr{}
}

// The zone of a link-local address comes out by name.
func datagramZone(w *world) {
	w.needIPv6()
	ip := linkLocal()
	if !ip.IsValid() {
		w.Skip("this machine has no link-local address")
	}
	a, at := w.packet("udp6", netip.AddrPortFrom(ip, 0), netip.AddrPort{})
	b, bt := w.packet("udp", netip.AddrPortFrom(ip, 0), netip.AddrPort{})
	if at.Addr() != ip || bt.Addr() != ip {
		w.Fatalf("the sockets are at %v and %v, want %v", at, bt, ip)
	}
	w.sendAll(a, messageTo(bt, "near"))
	w.wantOne(b, "near", at)
}

func datagramReusePort(w *world) {
	first := w.must(&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: localhost, ReusePort: true}}).Handle
	addr := w.query(first).Local
	w.must(&driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: addr, ReusePort: true}})
}

func datagramInUse(w *world) {
	_, at := w.local()
	op := &driver.Op{Code: driver.ListenPacket, Args: &driver.Args{Network: "udp", Addr: at}}
	w.wait(op)
	w.wantErr(op.Err, syscall.EADDRINUSE)
}
