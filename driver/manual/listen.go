package manual

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// firstPort is where the ports begin that are given to those who ask for none.
const firstPort = 49152

// address checks network and addr against each other. An address without an
// IP becomes the one that stands for all.
func address(network string, addr netip.AddrPort) (netip.AddrPort, error) {
	ip := addr.Addr().Unmap()
	switch network {
	case "tcp", "tcp6", "udp", "udp6":
		if !ip.IsValid() {
			ip = netip.IPv6Unspecified()
		}
	case "tcp4", "udp4":
		if !ip.IsValid() {
			ip = netip.IPv4Unspecified()
		}
	case "unix":
		return addr, fmt.Errorf("rouse: manual: network unix: %w", driver.ErrNotSupported)
	default:
		return addr, fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", network)
	}
	if strings.HasSuffix(network, "4") && !ip.Is4() || strings.HasSuffix(network, "6") && ip.Is4() {
		return addr, fmt.Errorf("rouse: driver: Args.Addr %v is not of the IP version that network %s needs", addr, network)
	}
	return netip.AddrPortFrom(ip, addr.Port()), nil
}

func (d *Driver) listen(op *driver.Op) error {
	a := op.Args
	if strings.HasPrefix(a.Network, "udp") {
		return fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", a.Network)
	}
	addr, err := address(a.Network, a.Addr)
	if err != nil {
		return err
	}
	if a.ReusePort {
		return fmt.Errorf("rouse: manual: ReusePort: %w", driver.ErrNotSupported)
	}
	if addr.Port() == 0 {
		addr = netip.AddrPortFrom(addr.Addr(), d.freePort())
	}
	for _, h := range d.listeners {
		_, other := d.slots.Get(h)
		if other.local.Port() == addr.Port() && (other.local.Addr() == addr.Addr() ||
			other.local.Addr().IsUnspecified() || addr.Addr().IsUnspecified()) {
			return os.NewSyscallError("bind", syscall.EADDRINUSE)
		}
	}
	i, s := d.slots.Add()
	s.kind, s.local, s.network, s.backlog = kindListener, addr, a.Network, a.Backlog
	if s.backlog <= 0 {
		s.backlog = d.cfg.Backlog
	}
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	d.listeners = append(d.listeners, op.Handle)
	return nil
}

// freePort returns the next port; the same sequence in every run.
func (d *Driver) freePort() uint16 {
	for {
		d.port++
		if d.port < firstPort {
			d.port = firstPort
		}
		taken := func(h driver.Handle) bool {
			_, s := d.slots.Get(h)
			return s.local.Port() == d.port
		}
		if !slices.ContainsFunc(d.listeners, taken) && !slices.ContainsFunc(d.sockets, taken) {
			return d.port
		}
	}
}

// find returns the listener that a connection to addr reaches, if any.
func (d *Driver) find(addr netip.AddrPort) (driver.Handle, *slot) {
	for _, h := range d.listeners {
		_, s := d.slots.Get(h)
		if s.serves(addr) {
			return h, s
		}
	}
	return 0, nil
}

// serves reports whether a listener or datagram socket is at addr.
func (s *slot) serves(addr netip.AddrPort) bool {
	at := s.local.Addr()
	dual := at.Is6() && !strings.HasSuffix(s.network, "6")
	return s.local.Port() == addr.Port() &&
		(at == addr.Addr() || at.IsUnspecified() && (dual || at.Is4() == addr.Addr().Is4()))
}

func (d *Driver) accept(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.kind != kindListener:
		return op.FinishNow(0, driver.ErrKind)
	}
	if s.Rd == nil && len(s.queue) > 0 {
		d.take(s, op.Args)
		return op.FinishNow(0, nil)
	}
	return s.wait(i, op)
}

func (d *Driver) acceptWaiting(s *slot) int {
	n := 0
	for ; s.Rd != nil && len(s.queue) > 0; n++ {
		op := s.Rd
		s.Leave(op)
		d.take(s, op.Args)
		op.Finish(0, nil)
	}
	return n
}

// take makes the server's end for the first client in the queue of l.
func (d *Driver) take(l *slot, a *driver.Args) {
	client := l.queue[0]
	_, c := d.slots.Get(client)
	d.leave(l, 0)
	c.listener = 0
	i, s := d.slots.Add()
	s.kind, s.local, s.peer, s.in, s.out = kindStream, c.peer, c.local, c.out, c.in
	a.Handle, a.Addr, a.Path = d.slots.Handle(i), s.peer, ""
	s.in.reader, s.out.writer = a.Handle, a.Handle
}

// leave takes place k out of the queue; a client beyond the backlog comes
// within it.
func (d *Driver) leave(l *slot, k int) {
	l.queue = slices.Delete(l.queue, k, k+1)
	if len(l.queue) >= l.backlog {
		d.establish(l.queue[l.backlog-1])
	}
}

func (d *Driver) unqueue(client driver.Handle, c *slot) {
	_, l := d.slots.Get(c.listener)
	d.leave(l, slices.Index(l.queue, client))
}

// unlisten breaks off those that nobody accepted.
func (d *Driver) unlisten(h driver.Handle, l *slot) {
	d.listeners = slices.DeleteFunc(d.listeners, func(other driver.Handle) bool { return other == h })
	for _, client := range l.queue {
		_, c := d.slots.Get(client)
		c.listener = 0
		c.in.reset, c.out.gone = true, true
		d.touch(client)
	}
}
