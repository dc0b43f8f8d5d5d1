//go:build linux

package sock

import (
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// Listen does the operation Listen; backlog is used if the Args have none. path
// is the file to unlink when the listener is closed, or empty.
func Listen(a *driver.Args, backlog int) (fd int, path string, err error) {
	t, err := Resolve("tcp", a.Network, a.Addr, a.Path, true)
	if err != nil {
		return -1, "", err
	}
	if fd, err = t.Socket(unix.SOCK_STREAM); err != nil {
		return -1, "", err
	}
	if a.Backlog > 0 {
		backlog = a.Backlog
	}
	if err := t.listen(fd, a.ReusePort, backlog); err != nil {
		unix.Close(fd)
		return -1, "", err
	}
	return fd, t.file(), nil
}

// file returns the path of a unix socket that is a file.
func (t Target) file() string {
	if un, ok := t.SA.(*unix.SockaddrUnix); ok && !strings.HasPrefix(un.Name, "@") {
		return un.Name
	}
	return ""
}

func (t Target) listen(fd int, reusePort bool, backlog int) error {
	if t.Family != unix.AF_UNIX {
		if err := setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
		if reusePort {
			if err := setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
				return err
			}
		}
		// Accepted connections inherit it, which spares a call for each.
		if err := setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return err
		}
	}
	if t.Family == unix.AF_INET6 {
		if err := setV6Only(fd, !t.Dual); err != nil {
			return err
		}
	}
	if err := unix.Bind(fd, t.SA); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, backlog); err != nil {
		if path := t.file(); path != "" {
			unix.Unlink(path)
		}
		return os.NewSyscallError("listen", err)
	}
	return nil
}

// MaxBacklog is the limit that the kernel puts on a backlog anyway.
func MaxBacklog() int {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && n > 0 {
			return n
		}
	}
	return 4096
}

// Connecting makes the socket of the operation Connect, ready to connect to the
// target.
func Connecting(a *driver.Args) (int, Target, error) {
	t, err := Resolve("tcp", a.Network, a.Addr, a.Path, false)
	if err != nil {
		return -1, t, err
	}
	fd, err := t.Socket(unix.SOCK_STREAM)
	if err != nil {
		return -1, t, err
	}
	if err := t.prepare(fd, a.Local); err != nil {
		unix.Close(fd)
		return -1, t, err
	}
	return fd, t, nil
}

// prepare sets what must be set before connect.
func (t Target) prepare(fd int, from netip.AddrPort) error {
	if t.Family == unix.AF_UNIX {
		return nil
	}
	if err := setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if !from.Addr().IsValid() && from.Port() == 0 {
		return nil
	}
	sa, err := t.Local(from)
	if err != nil {
		return err
	}
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

// ListenPacket does the operation ListenPacket.
func ListenPacket(a *driver.Args) (int, Dest, error) {
	at := a.Addr
	if a.Peer.IsValid() {
		at = a.Peer // it decides which IP it is
	}
	t, err := Resolve("udp", a.Network, at, "", !a.Peer.IsValid())
	if err != nil {
		return -1, 0, err
	}
	fd, err := t.Socket(unix.SOCK_DGRAM)
	if err != nil {
		return -1, 0, err
	}
	if err := t.bindPacket(fd, a); err != nil {
		unix.Close(fd)
		return -1, 0, err
	}
	switch {
	case a.Peer.IsValid():
		return fd, Peer, nil
	case t.Family == unix.AF_INET6:
		return fd, Inet6, nil
	}
	return fd, Inet4, nil
}

func (t Target) bindPacket(fd int, a *driver.Args) error {
	if err := setInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return err
	}
	if a.ReusePort {
		if err := setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
	}
	if !a.Peer.IsValid() {
		if t.Family == unix.AF_INET6 {
			if err := setV6Only(fd, !t.Dual); err != nil {
				return err
			}
		}
		return os.NewSyscallError("bind", unix.Bind(fd, t.SA))
	}
	if a.Addr.Addr().IsValid() || a.Addr.Port() != 0 {
		from, err := t.Local(a.Addr)
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, from); err != nil {
			return os.NewSyscallError("bind", err)
		}
	}
	return os.NewSyscallError("connect", unix.Connect(fd, t.SA))
}
