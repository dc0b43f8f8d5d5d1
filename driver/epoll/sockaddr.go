//go:build linux

package epoll

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A target is what to listen at or connect to, in the kernel's terms.
type target struct {
	family int
	sa     unix.Sockaddr
	dual   bool // one IPv6 socket serves IPv4 as well
}

// resolve turns the arguments of Listen, Connect and ListenPacket into a target
// of protocol tcp (which includes unix) or udp. An address without an IP means
// every address of this machine, or this machine itself.
func resolve(protocol, network string, addr netip.AddrPort, path string, listen bool) (target, error) {
	ip := addr.Addr()
	version, known := strings.CutPrefix(network, protocol)
	if network == "unix" && protocol == "tcp" {
		if path == "" {
			return target{}, fmt.Errorf("rouse: driver: Args.Path is empty; a unix socket needs a path or \"@name\"")
		}
		return target{family: unix.AF_UNIX, sa: &unix.SockaddrUnix{Name: path}}, nil
	}
	switch {
	case known && version == "4":
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
		}
		if ip = ip.Unmap(); !ip.Is4() {
			return target{}, fmt.Errorf("rouse: driver: Args.Addr %v is not an IPv4 address, as network %s needs", addr, network)
		}
	case known && version == "6":
		if !ip.IsValid() {
			ip = netip.IPv6Unspecified()
		}
		if ip.Is4() || ip.Is4In6() {
			return target{}, fmt.Errorf("rouse: driver: Args.Addr %v is not an IPv6 address, as network %s needs", addr, network)
		}
	case known && version == "":
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
			if hasIPv6() {
				ip = netip.IPv6Unspecified()
			}
		}
		ip = ip.Unmap()
	case protocol == "udp":
		return target{}, fmt.Errorf("rouse: driver: network %q is none of udp, udp4 and udp6", network)
	default:
		return target{}, fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", network)
	}
	t := target{family: unix.AF_INET6}
	if ip.Is4() {
		t.family = unix.AF_INET
	} else {
		t.dual = version == "" && listen && ip.IsUnspecified()
	}
	var err error
	t.sa, err = toSockaddr(ip, addr.Port())
	return t, err
}

// hasIPv6 reports whether the kernel makes IPv6 sockets at all.
func hasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

func (t target) socket(sort int) (int, error) {
	fd, err := unix.Socket(t.family, sort|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return fd, os.NewSyscallError("socket", err)
}

// local returns the address to connect to t from.
func (t target) local(from netip.AddrPort) (unix.Sockaddr, error) {
	ip := from.Addr().Unmap()
	switch {
	case !ip.IsValid() && t.family == unix.AF_INET:
		ip = netip.IPv4Unspecified()
	case !ip.IsValid():
		ip = netip.IPv6Unspecified()
	case ip.Is4() != (t.family == unix.AF_INET):
		return nil, fmt.Errorf("rouse: driver: Args.Local %v and Args.Addr are of different IP versions", from)
	}
	return toSockaddr(ip, from.Port())
}

func toSockaddr(ip netip.Addr, port uint16) (unix.Sockaddr, error) {
	if ip.Is4() {
		return &unix.SockaddrInet4{Port: int(port), Addr: ip.As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: int(port), Addr: ip.As16()}
	if zone := ip.Zone(); zone != "" {
		var err error
		if sa.ZoneId, err = zoneIndex(zone); err != nil {
			return nil, err
		}
	}
	return sa, nil
}

// fromSockaddr is the way back: an IP and port, or the path of a unix socket.
// An IPv4 address that an IPv6 socket shows mapped comes out as IPv4.
func fromSockaddr(sa unix.Sockaddr) (netip.AddrPort, string) {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), ""
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(zoneName(sa.ZoneId))
		}
		return unmapped(ip, uint16(sa.Port)), ""
	case *unix.SockaddrUnix:
		if sa.Name == "@" { // how x/sys shows a socket without a name
			return netip.AddrPort{}, ""
		}
		return netip.AddrPort{}, sa.Name
	}
	return netip.AddrPort{}, ""
}
