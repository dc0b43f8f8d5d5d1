package manual

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// maxDatagram is what fits in one, as over IPv4.
const maxDatagram = 65507

// spareDatagrams is how many buffers of received datagrams are kept for those
// to come.
const spareDatagrams = 64

// A mailbox holds what a datagram socket was sent and has not received, up to
// limit bytes; what comes then is lost, as over a real network. Sending never
// waits.
type mailbox struct {
	queue []datagram
	bytes int
	limit int
	err   error // of an earlier datagram, told once
}

type datagram struct {
	from netip.AddrPort
	data []byte
}

func (m *mailbox) readable() bool { return len(m.queue) > 0 || m.err != nil }

// told returns the error that the network reported, once.
func (m *mailbox) told(call string) error {
	err := m.err
	m.err = nil
	return os.NewSyscallError(call, err)
}

func (d *Driver) listenPacket(op *driver.Op) error {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	switch a.Network {
	case "udp", "udp4", "udp6":
	default:
		return fmt.Errorf("rouse: driver: network %q is none of udp, udp4 and udp6", a.Network)
	}
	if a.ReusePort {
		return fmt.Errorf("rouse: manual: ReusePort: %w", driver.ErrNotSupported)
	}
	at := a.Addr
	if a.Peer.IsValid() && !at.Addr().IsValid() {
		at = netip.AddrPortFrom(a.Peer.Addr(), at.Port())
	}
	local, err := address(a.Network, at)
	if err != nil {
		return err
	}
	peer := netip.AddrPort{}
	if a.Peer.IsValid() {
		if peer, err = address(a.Network, a.Peer); err != nil {
			return err
		}
		if peer.Addr().Is4() != local.Addr().Is4() {
			return fmt.Errorf("rouse: driver: Args.Addr %v and Args.Peer are of different IP versions", a.Addr)
		}
	}
	if local.Port() == 0 {
		local = netip.AddrPortFrom(local.Addr(), d.freePort())
	}
	for _, h := range d.sockets {
		_, other := d.slots.Get(h)
		if other.local.Port() == local.Port() && (other.local.Addr() == local.Addr() ||
			other.local.Addr().IsUnspecified() || local.Addr().IsUnspecified()) {
			return os.NewSyscallError("bind", syscall.EADDRINUSE)
		}
	}
	i, s := d.slots.Add()
	s.kind, s.local, s.peer, s.network = kindPacket, local, peer, a.Network
	s.mail = &mailbox{limit: d.cfg.Buffer}
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	d.sockets = append(d.sockets, op.Handle)
	return nil
}

// packet returns the slot of a datagram socket, or why there is none.
func (d *Driver) packet(op *driver.Op) (uint32, *slot, error) {
	i, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return 0, nil, driver.ErrClosed
	case s.kind != kindPacket:
		return 0, nil, driver.ErrKind
	case len(op.Args.Msgs) == 0:
		return 0, nil, driver.ErrNoMessages
	}
	return i, s, nil
}

func (d *Driver) recvMsgs(op *driver.Op) bool {
	i, s, err := d.packet(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	m := s.mail
	if m.err != nil {
		return op.FinishNow(0, m.told("recvmsg"))
	}
	n := min(len(m.queue), len(op.Args.Msgs))
	if n == 0 {
		return s.wait(i, op)
	}
	for k, g := range m.queue[:n] {
		to := &op.Args.Msgs[k]
		to.N, to.Addr = copy(to.Buf, g.data), g.from
		to.Truncated = to.N < len(g.data)
		m.bytes -= len(g.data)
		if len(d.spare) < spareDatagrams {
			d.spare = append(d.spare, g.data[:0])
		}
	}
	m.queue = slices.Delete(m.queue, 0, n)
	return op.FinishNow(n, nil)
}

func (d *Driver) sendMsgs(op *driver.Op) bool {
	_, s, err := d.packet(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if s.mail.err != nil {
		return op.FinishNow(0, s.mail.told("sendmsg"))
	}
	for n := range op.Args.Msgs {
		if err := d.post(s, &op.Args.Msgs[n]); err != nil {
			if n > 0 {
				return op.FinishNow(n, nil)
			}
			return op.FinishNow(0, os.NewSyscallError("sendmsg", err))
		}
	}
	return op.FinishNow(len(op.Args.Msgs), nil)
}

// post puts a datagram of s into the mailbox that it is for, if there is one
// and room in it.
func (d *Driver) post(s *slot, m *driver.Message) error {
	to := m.Addr
	if s.peer.IsValid() {
		to = s.peer
	}
	ip := to.Addr().Unmap()
	switch {
	case !ip.IsValid():
		return syscall.EDESTADDRREQ
	case len(m.Buf) > maxDatagram:
		return syscall.EMSGSIZE
	case s.local.Addr().Is4() && !ip.Is4():
		return syscall.EAFNOSUPPORT
	case s.network == "udp6" && ip.Is4():
		return syscall.ENETUNREACH
	}
	if ip.IsUnspecified() { // this machine itself
		ip = loopback(ip)
	}
	to = netip.AddrPortFrom(ip, to.Port())
	from := s.local
	if from.Addr().IsUnspecified() { // it leaves from where it arrives
		from = netip.AddrPortFrom(to.Addr(), from.Port())
	}
	h, other := d.findPacket(to, from)
	switch {
	case other == nil:
		if s.peer.IsValid() {
			s.mail.err = syscall.ECONNREFUSED
			d.touch(d.handleOf(s))
		}
	case other.mail.bytes+len(m.Buf) <= other.mail.limit:
		var data []byte
		if n := len(d.spare); n > 0 {
			data, d.spare = d.spare[n-1], d.spare[:n-1]
		}
		other.mail.queue = append(other.mail.queue, datagram{from, append(data, m.Buf...)})
		other.mail.bytes += len(m.Buf)
		d.touch(h)
	}
	return nil
}

// findPacket returns the socket that gets what from sends to to: the one that
// is connected to from, or else one that is not connected.
func (d *Driver) findPacket(to, from netip.AddrPort) (driver.Handle, *slot) {
	var open driver.Handle
	for _, h := range d.sockets {
		switch _, s := d.slots.Get(h); {
		case !s.serves(to):
		case s.peer == from:
			return h, s
		case !s.peer.IsValid():
			open = h
		}
	}
	_, s := d.slots.Get(open)
	return open, s
}

// handleOf returns the Handle of a datagram socket.
func (d *Driver) handleOf(s *slot) driver.Handle {
	for _, h := range d.sockets {
		if _, other := d.slots.Get(h); other == s {
			return h
		}
	}
	return 0
}
