//go:build linux

package epoll

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A target is what to listen at or connect to, in the kernel's terms.
type target struct {
	family int
	sa     unix.Sockaddr
	dual   bool // one IPv6 socket serves IPv4 as well
}

// resolve turns the arguments of Listen and Connect into a target. An address
// without an IP means every address of this machine, or this machine itself.
func resolve(network string, addr netip.AddrPort, path string, listen bool) (target, error) {
	ip := addr.Addr()
	switch network {
	case "unix":
		if path == "" {
			return target{}, fmt.Errorf("rouse: driver: Args.Path is empty; a unix socket needs a path or \"@name\"")
		}
		return target{family: unix.AF_UNIX, sa: &unix.SockaddrUnix{Name: path}}, nil
	case "tcp4":
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
		}
		if ip = ip.Unmap(); !ip.Is4() {
			return target{}, fmt.Errorf("rouse: driver: Args.Addr %v is not an IPv4 address, as network tcp4 needs", addr)
		}
	case "tcp6":
		if !ip.IsValid() {
			ip = netip.IPv6Unspecified()
		}
		if ip.Is4() || ip.Is4In6() {
			return target{}, fmt.Errorf("rouse: driver: Args.Addr %v is not an IPv6 address, as network tcp6 needs", addr)
		}
	case "tcp":
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
			if hasIPv6() {
				ip = netip.IPv6Unspecified()
			}
		}
		ip = ip.Unmap()
	default:
		return target{}, fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", network)
	}
	t := target{family: unix.AF_INET6}
	if ip.Is4() {
		t.family = unix.AF_INET
	} else {
		t.dual = network == "tcp" && listen && ip.IsUnspecified()
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

func (t target) socket() (int, error) {
	fd, err := unix.Socket(t.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
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
		if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
			sa.ZoneId = uint32(n)
		} else {
			ifi, err := net.InterfaceByName(zone)
			if err != nil {
				return nil, err
			}
			sa.ZoneId = uint32(ifi.Index)
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
		ip := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.ZoneId != 0 {
			zone := strconv.FormatUint(uint64(sa.ZoneId), 10)
			if ifi, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				zone = ifi.Name
			}
			ip = ip.WithZone(zone)
		}
		return netip.AddrPortFrom(ip, uint16(sa.Port)), ""
	case *unix.SockaddrUnix:
		if sa.Name == "@" { // how x/sys shows a socket without a name
			return netip.AddrPort{}, ""
		}
		return netip.AddrPort{}, sa.Name
	}
	return netip.AddrPort{}, ""
}
