package netio

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// An endpoint is an address in the terms of the driver.
type endpoint struct {
	addr netip.AddrPort // tcp, udp; without an IP it means every address
	path string         // unix
	name string         // of the host, if it has to be resolved; addr has the port
}

// parse understands network, of protocol tcp (which includes unix) or udp, and
// address.
func parse(protocol, network, address string) (endpoint, error) {
	if network == "unix" && protocol == "tcp" {
		if address == "" {
			return endpoint{}, &net.AddrError{Err: "a unix socket needs a path, or @name", Addr: address}
		}
		return endpoint{path: address}, nil
	}
	if version, ok := strings.CutPrefix(network, protocol); !ok || version != "" && version != "4" && version != "6" {
		use := "tcp, tcp4, tcp6 or unix; datagrams have ListenPacket and DialPacket"
		if protocol == "udp" {
			use = "udp, udp4 or udp6; streams have Listen and Dial"
		}
		return endpoint{}, fmt.Errorf("%w: use %s", net.UnknownNetworkError(network), use)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err // an AddrError that says what is wrong
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return endpoint{}, &net.AddrError{Err: "the port must be a number from 0 to 65535", Addr: address}
	}
	e := endpoint{addr: netip.AddrPortFrom(netip.Addr{}, uint16(port))}
	if host == "" {
		return e, nil
	}
	ip, known, err := knownHost(network, host)
	switch {
	case err != nil:
		return endpoint{}, err
	case known:
		e.addr = netip.AddrPortFrom(ip, uint16(port))
	default:
		e.name = host
	}
	return e, nil
}

// parseLocal is parse for an address of this machine, which is not resolved.
func parseLocal(protocol, network, address string) (endpoint, error) {
	e, err := parse(protocol, network, address)
	if err == nil && e.name != "" {
		err = &net.AddrError{
			Err:  "an address of this machine is an IP, localhost or empty, not a name; netio.Resolve tells the IPs of one",
			Addr: address,
		}
	}
	return e, err
}

// ipNetwork returns what of ip, ip4 and ip6 a network allows.
func ipNetwork(network string) string {
	switch {
	case strings.HasSuffix(network, "4"):
		return "ip4"
	case strings.HasSuffix(network, "6"):
		return "ip6"
	}
	return "ip"
}

// knownHost returns the IP of a host that has not to be asked for: one that is
// an IP, or localhost.
func knownHost(network, host string) (ip netip.Addr, known bool, err error) {
	if host == "localhost" {
		return loopback(network), true, nil
	}
	if ip, err = netip.ParseAddr(host); err != nil {
		return netip.Addr{}, false, nil // a name
	}
	ip = ip.Unmap()
	if !allows(ipNetwork(network), ip) {
		return ip, true, &net.AddrError{Err: "not an address of network " + network, Addr: host}
	}
	return ip, true, nil
}

// allows reports whether ip is one of network, which is ip, ip4 or ip6.
func allows(network string, ip netip.Addr) bool {
	return network == "ip" || (network == "ip4") == ip.Is4()
}

// loopback is this machine in the IP version of network.
func loopback(network string) netip.Addr {
	if strings.HasSuffix(network, "6") {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// target is e as something to connect to: no IP, or an unspecified one, means
// this machine.
func (e endpoint) target(network string) endpoint {
	if ip := e.addr.Addr(); network != "unix" && e.name == "" {
		switch {
		case !ip.IsValid():
			ip = loopback(network)
		case ip.IsUnspecified() && ip.Is4():
			ip = loopback("ip4")
		case ip.IsUnspecified():
			ip = loopback("ip6")
		}
		e.addr = netip.AddrPortFrom(ip, e.addr.Port())
	}
	return e
}

// netAddr returns e in the terms of package net.
func (e endpoint) netAddr(network string) net.Addr {
	switch {
	case network == "unix":
		return &net.UnixAddr{Name: e.path, Net: network}
	case strings.HasPrefix(network, "udp"):
		return net.UDPAddrFromAddrPort(e.addr)
	}
	return net.TCPAddrFromAddrPort(e.addr)
}
