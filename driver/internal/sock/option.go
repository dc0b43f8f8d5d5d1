//go:build linux

package sock

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

// SetOption does the operation SetOption.
func SetOption(fd int, a *driver.Args) error {
	v := a.Value
	switch a.Option {
	case driver.NoDelay:
		return setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, v)
	case driver.KeepAlive:
		return setInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, v)
	case driver.KeepAliveIdle:
		return setInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, v)
	case driver.RecvBuffer:
		return setInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, v)
	case driver.SendBuffer:
		return setInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, v)
	case driver.Linger:
		l := unix.Linger{Linger: int32(v), Onoff: 1}
		if v < 0 {
			l = unix.Linger{}
		}
		return os.NewSyscallError("setsockopt", unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l))
	}
	return fmt.Errorf("rouse: driver: unknown socket option %d: %w", a.Option, driver.ErrNotSupported)
}

// Query does the operation Query; peer says whether the socket has one.
func Query(fd int, a *driver.Args, peer bool) error {
	a.Addr, a.Path = netip.AddrPort{}, ""
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	a.Local, a.LocalPath = FromSockaddr(sa)
	if !peer {
		return nil
	}
	if sa, err = unix.Getpeername(fd); err != nil {
		return os.NewSyscallError("getpeername", err)
	}
	a.Addr, a.Path = FromSockaddr(sa)
	return nil
}
