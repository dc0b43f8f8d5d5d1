package manual

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// connect queues at the listener, or is refused at once. It completes in a
// later Park, like over a real network.
func (d *Driver) connect(op *driver.Op) bool {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	if strings.HasPrefix(a.Network, "udp") {
		return op.FinishNow(0, fmt.Errorf("rouse: driver: network %q is none of tcp, tcp4, tcp6 and unix", a.Network))
	}
	addr, err := address(a.Network, a.Addr)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if addr.Addr().IsUnspecified() { // this machine itself
		addr = netip.AddrPortFrom(loopback(addr.Addr()), addr.Port())
	}
	h, l := d.find(addr)
	if l == nil {
		return op.FinishNow(0, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	from := a.Local
	if !from.Addr().IsValid() {
		from = netip.AddrPortFrom(addr.Addr(), from.Port())
	}
	if from.Port() == 0 {
		from = netip.AddrPortFrom(from.Addr().Unmap(), d.freePort())
	}
	i, s := d.slots.Add()
	client := d.slots.Handle(i)
	*s = slot{
		kind: kindConnecting, local: from, peer: addr, listener: h,
		in:  &pipe{limit: d.cfg.Buffer, reader: client},
		out: &pipe{limit: d.cfg.Buffer, writer: client},
	}
	s.wait(i, op)
	l.queue = append(l.queue, client)
	if len(l.queue) <= l.backlog {
		d.establish(client)
	}
	d.touch(h)
	return false
}

// loopback is this machine in the IP version of ip.
func loopback(ip netip.Addr) netip.Addr {
	if ip.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// establish has Connect complete in the next Park.
func (d *Driver) establish(client driver.Handle) {
	if _, c := d.slots.Get(client); !c.established {
		c.established = true
		d.touch(client)
	}
}

// connected completes the Connect of slot i if it came within the backlog, or
// if the listener is gone.
func (d *Driver) connected(i uint32, s *slot) int {
	op := s.Wr
	switch {
	case s.in.reset:
		s.Leave(op)
		d.release(i, s)
		op.Finish(0, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case s.established:
		s.Leave(op)
		s.kind = kindStream
		op.Handle = d.slots.Handle(i)
		op.Args.Handle = op.Handle
		op.Finish(0, nil)
	default:
		return 0
	}
	return 1
}
