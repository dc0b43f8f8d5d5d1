package netio

import (
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
)

// A destination is where to dial to: one endpoint, or those of a name that is
// being resolved.
type destination struct {
	network string
	end     endpoint
	from    netip.AddrPort // what to dial from, or zero
	names   *Resolution    // nil if end is all
}

// poll returns the endpoints to try, best first; at least one.
func (d *destination) poll(cx *rouse.Context) ([]endpoint, error) {
	if d.names == nil {
		return []endpoint{d.end}, nil
	}
	addrs, err := d.names.Poll(cx)
	if err == rouse.Pending {
		return nil, err
	}
	d.names = nil
	if err != nil {
		return nil, err
	}
	var ends []endpoint
	from := d.from.Addr()
	for _, ip := range interleave(addrs) {
		if !from.IsValid() || from.Unmap().Is4() == ip.Is4() {
			ends = append(ends, endpoint{addr: netip.AddrPortFrom(ip, d.end.addr.Port())})
		}
	}
	if len(ends) == 0 {
		return nil, &net.AddrError{Err: "no IP of the version of Dialer.LocalAddress", Addr: d.end.name}
	}
	return ends, nil
}

func (d *destination) drop() {
	if d.names != nil {
		d.names.Drop()
	}
}

// interleave puts addrs in the order of RFC 8305, section 4: the best one
// first, and then the two IP versions in turn for as long as there are both.
func interleave(addrs []netip.Addr) []netip.Addr {
	var same, other []netip.Addr
	for _, ip := range addrs {
		if ip.Is4() == addrs[0].Is4() {
			same = append(same, ip)
		} else {
			other = append(other, ip)
		}
	}
	out := addrs[:0]
	for len(same) > 0 || len(other) > 0 {
		if len(same) > 0 {
			out, same = append(out, same[0]), same[1:]
		}
		if len(other) > 0 {
			out, other = append(out, other[0]), other[1:]
		}
	}
	return out
}
