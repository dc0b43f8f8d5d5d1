//go:build linux

package epoll

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

func (d *Driver) listen(op *driver.Op) bool {
	a := op.Args
	addr, err := resolve("tcp", a.Network, a.Addr, a.Path, true)
	if err != nil {
		return op.FinishNow(0, err)
	}
	fd, err := d.bound(a, addr)
	if err != nil {
		return op.FinishNow(0, err)
	}
	i, s := d.add(fd, kindListener, readable)
	if addr.family == unix.AF_UNIX && !strings.HasPrefix(a.Path, "@") {
		s.ext = &extra{path: a.Path}
	}
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return op.FinishNow(0, nil)
}

// bound returns a listening socket.
func (d *Driver) bound(a *driver.Args, addr target) (int, error) {
	fd, err := addr.socket(unix.SOCK_STREAM)
	if err != nil {
		return -1, err
	}
	if err := d.bind(fd, a, addr); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (d *Driver) bind(fd int, a *driver.Args, addr target) error {
	if addr.family != unix.AF_UNIX {
		if err := setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
		if a.ReusePort {
			if err := setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
				return err
			}
		}
		// Accepted connections inherit it, which spares a call for each.
		if err := setInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return err
		}
	}
	if addr.family == unix.AF_INET6 {
		if err := setV6Only(fd, !addr.dual); err != nil {
			return err
		}
	}
	if err := unix.Bind(fd, addr.sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	backlog := a.Backlog
	if backlog <= 0 {
		backlog = d.cfg.Backlog
	}
	if err := unix.Listen(fd, backlog); err != nil {
		if un, ok := addr.sa.(*unix.SockaddrUnix); ok && !strings.HasPrefix(un.Name, "@") {
			unix.Unlink(un.Name)
		}
		return os.NewSyscallError("listen", err)
	}
	return nil
}

// maxBacklog is the limit that the kernel puts on a backlog anyway.
func maxBacklog() int {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && n > 0 {
			return n
		}
	}
	return 4096
}

func (d *Driver) accept(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	switch {
	case op.InFlight():
		panic(errBusy)
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.kind != kindListener:
		return op.FinishNow(0, driver.ErrKind)
	}
	// Who came first is served first.
	if s.flags&readable != 0 && s.rd == nil {
		fd, sa, err := acceptOne(int(s.fd))
		if err != unix.EAGAIN {
			return op.FinishNow(0, d.accepted(op, fd, sa, err))
		}
		s.flags &^= readable
	}
	return d.wait(i, s, op)
}

// acceptWaiting serves those who wait for a connection, for as long as there
// are connections.
func (d *Driver) acceptWaiting(i uint32, s *slot) int {
	n := 0
	for s.rd != nil {
		fd, sa, err := acceptOne(int(s.fd))
		if err == unix.EAGAIN {
			s.flags &^= readable
			break
		}
		op := s.rd
		d.unwait(s, op)
		err = d.accepted(op, fd, sa, err)
		if !op.Finish(0, err) && err == nil {
			d.discard(op.Args.Handle)
		}
		n++
	}
	return n
}

// acceptOne takes one connection. One that was broken off while it waited is
// passed over.
func acceptOne(listener int) (int, unix.Sockaddr, error) {
	for {
		fd, sa, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != unix.ECONNABORTED && err != unix.EINTR {
			return fd, sa, err
		}
	}
}

// accepted fills in the result of op.
func (d *Driver) accepted(op *driver.Op, fd int, sa unix.Sockaddr, err error) error {
	a := op.Args
	if err != nil {
		a.Handle = 0
		return os.NewSyscallError("accept4", err)
	}
	k := kindTCP
	a.Addr, a.Path = fromSockaddr(sa)
	if _, ok := sa.(*unix.SockaddrUnix); ok {
		k = kindUnix
	}
	i, _ := d.add(fd, k, readable|writable)
	a.Handle = d.slots.Handle(i)
	return nil
}

// discard closes what came out of an op that nobody waits for.
func (d *Driver) discard(h driver.Handle) {
	if i, s := d.slots.Get(h); s != nil {
		d.release(i, s)
	}
}
