package netio

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// An endpoint is an address in the terms of the driver.
type endpoint struct {
	addr netip.AddrPort // tcp; without an IP it means every address
	path string         // unix
}

// parse understands network and address. It does not resolve names: that may
// block, and will come with a resolver of its own.
func parse(network, address string) (endpoint, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	case "unix":
		if address == "" {
			return endpoint{}, &net.AddrError{Err: "a unix socket needs a path, or @name", Addr: address}
		}
		return endpoint{path: address}, nil
	default:
		return endpoint{}, fmt.Errorf("%w: use tcp, tcp4, tcp6 or unix", net.UnknownNetworkError(network))
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err // an AddrError that says what is wrong
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return endpoint{}, &net.AddrError{Err: "the port must be a number from 0 to 65535", Addr: address}
	}
	ip, err := parseHost(network, host)
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{addr: netip.AddrPortFrom(ip, uint16(port))}, nil
}

func parseHost(network, host string) (netip.Addr, error) {
	switch host {
	case "":
		return netip.Addr{}, nil
	case "localhost":
		return loopback(network), nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ip, &net.DNSError{
			Err:  "package netio does not resolve names yet; look it up with net.DefaultResolver on a goroutine and pass the IP",
			Name: host,
		}
	}
	ip = ip.Unmap()
	if network == "tcp4" && !ip.Is4() || network == "tcp6" && ip.Is4() {
		return ip, &net.AddrError{Err: "not an address of network " + network, Addr: host}
	}
	return ip, nil
}

func loopback(network string) netip.Addr {
	if network == "tcp6" {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// target is e as something to connect to: no IP, or an unspecified one, means
// this machine.
func (e endpoint) target(network string) endpoint {
	if ip := e.addr.Addr(); network != "unix" {
		switch {
		case !ip.IsValid():
			ip = loopback(network)
		case ip.IsUnspecified() && ip.Is4():
			ip = loopback("tcp4")
		case ip.IsUnspecified():
			ip = loopback("tcp6")
		}
		e.addr = netip.AddrPortFrom(ip, e.addr.Port())
	}
	return e
}

// netAddr returns e in the terms of package net.
func (e endpoint) netAddr(network string) net.Addr {
	if network == "unix" {
		return &net.UnixAddr{Name: e.path, Net: network}
	}
	return net.TCPAddrFromAddrPort(e.addr)
}
