//go:build linux

package epoll

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

func setInt(fd, level, name, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, name, value))
}

func setV6Only(fd int, only bool) error {
	v := 0
	if only {
		v = 1
	}
	return setInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, v)
}

// socket returns the slot of a connection, listener or datagram socket.
func (d *Driver) socket(h driver.Handle) (*slot, error) {
	_, s := d.slots.Get(h)
	if s == nil {
		return nil, driver.ErrClosed
	}
	switch s.kind {
	case kindTCP, kindUnix, kindListener, kindPacket:
		return s, nil
	}
	return nil, driver.ErrKind
}

func (d *Driver) setOption(op *driver.Op) bool {
	s, err := d.socket(op.Handle)
	if err != nil {
		return op.FinishNow(0, err)
	}
	fd, v := int(s.fd), op.Args.Value
	switch op.Args.Option {
	case driver.NoDelay:
		err = setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, v)
	case driver.KeepAlive:
		err = setInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, v)
	case driver.KeepAliveIdle:
		err = setInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, v)
	case driver.RecvBuffer:
		err = setInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, v)
	case driver.SendBuffer:
		err = setInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, v)
	case driver.Linger:
		l := unix.Linger{Linger: int32(v), Onoff: 1}
		if v < 0 {
			l = unix.Linger{}
		}
		err = os.NewSyscallError("setsockopt", unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l))
	default:
		err = fmt.Errorf("rouse: epoll: unknown socket option %d: %w", op.Args.Option, driver.ErrNotSupported)
	}
	return op.FinishNow(0, err)
}

func (d *Driver) query(op *driver.Op) bool {
	s, err := d.socket(op.Handle)
	if err != nil {
		return op.FinishNow(0, err)
	}
	a := op.Args
	a.Addr, a.Path = netip.AddrPort{}, ""
	sa, err := unix.Getsockname(int(s.fd))
	if err != nil {
		return op.FinishNow(0, os.NewSyscallError("getsockname", err))
	}
	a.Local, a.LocalPath = fromSockaddr(sa)
	if s.kind == kindListener || s.kind == kindPacket && s.flags&connected == 0 {
		return op.FinishNow(0, nil)
	}
	sa, err = unix.Getpeername(int(s.fd))
	if err != nil {
		return op.FinishNow(0, os.NewSyscallError("getpeername", err))
	}
	a.Addr, a.Path = fromSockaddr(sa)
	return op.FinishNow(0, nil)
}
