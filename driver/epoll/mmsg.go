//go:build linux

package epoll

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// maxMsgs is how many datagrams one call takes or brings.
const maxMsgs = 64

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// packets is what recvmmsg and sendmmsg are called with. Between calls it
// refers to none of the caller's buffers. A name has room for both kinds of IP.
type packets struct {
	hdrs  [maxMsgs]mmsghdr
	iovs  [maxMsgs]unix.Iovec
	names [maxMsgs]unix.RawSockaddrInet6
	zones zones
}

// point has header k point at its buffer, and at its name if that has a length.
func (p *packets) point(k int, buf []byte, nameLen uint32) {
	p.iovs[k].Base = unsafe.SliceData(buf)
	p.iovs[k].SetLen(len(buf))
	h := &p.hdrs[k].hdr
	*h = unix.Msghdr{Iov: &p.iovs[k]}
	h.SetIovlen(1)
	if nameLen > 0 {
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&p.names[k])), nameLen
	}
}

func (p *packets) forget(n int) { clear(p.iovs[:n]) }

// recv fills in msgs, at most maxMsgs.
func (p *packets) recv(fd int, msgs []driver.Message, clock *Driver) (int, unix.Errno) {
	for k := range msgs {
		p.point(k, msgs[k].Buf, unix.SizeofSockaddrInet6)
	}
	// It can't sleep, but it copies much: the form that tells Go's scheduler.
	r, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&p.hdrs)), uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
	p.forget(len(msgs))
	if errno != 0 {
		return 0, errno
	}
	n := int(r)
	for k := range n {
		m := &msgs[k]
		m.N = int(p.hdrs[k].n)
		m.Truncated = p.hdrs[k].hdr.Flags&unix.MSG_TRUNC != 0
		m.Addr = p.addr(k, clock)
	}
	return n, 0
}

// send sends what it can of msgs. A message that can't be sent at all ends the
// batch before it; the error is its own when it comes first.
func (p *packets) send(fd int, msgs []driver.Message, flags uint8, clock *Driver) (int, unix.Errno) {
	n := 0
	for n < len(msgs) && n < maxMsgs {
		nameLen := uint32(0)
		if flags&connected == 0 {
			var errno unix.Errno
			if nameLen, errno = p.setAddr(n, msgs[n].Addr, flags&inet6 != 0, clock); errno != 0 {
				if n == 0 {
					return 0, errno
				}
				break
			}
		}
		p.point(n, msgs[n].Buf, nameLen)
		n++
	}
	r, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&p.hdrs)), uintptr(n), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	p.forget(n)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// addr reads name k.
func (p *packets) addr(k int, clock *Driver) netip.AddrPort {
	sa := &p.names[k]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:])
	switch sa.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	case unix.AF_INET6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.Scope_id != 0 {
			ip = ip.WithZone(p.zones.name(sa.Scope_id, clock))
		}
		return unmapped(ip, port)
	}
	return netip.AddrPort{}
}

// setAddr writes name k, for a socket of IPv6 or IPv4, and returns its length.
func (p *packets) setAddr(k int, to netip.AddrPort, six bool, clock *Driver) (uint32, unix.Errno) {
	ip, sa := to.Addr(), &p.names[k]
	if !ip.IsValid() {
		return 0, unix.EDESTADDRREQ
	}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], to.Port())
	if !six {
		if ip = ip.Unmap(); !ip.Is4() {
			return 0, unix.EAFNOSUPPORT
		}
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		v4.Family, v4.Addr, v4.Zero = unix.AF_INET, ip.As4(), [8]uint8{}
		return unix.SizeofSockaddrInet4, 0
	}
	sa.Family, sa.Addr, sa.Flowinfo, sa.Scope_id = unix.AF_INET6, ip.As16(), 0, 0
	if zone := ip.Zone(); zone != "" {
		if sa.Scope_id = p.zones.index(zone, clock); sa.Scope_id == 0 {
			return 0, unix.ENODEV
		}
	}
	return unix.SizeofSockaddrInet6, 0
}
