//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

// packetEvents is what a datagram socket is registered for while nobody waits
// to send. Not for EPOLLOUT: the kernel reports that each time a datagram that
// was sent is freed, so every reply of a server would end its next sleep.
const packetEvents = unix.EPOLLIN | unix.EPOLLET

func (d *Driver) listenPacket(op *driver.Op) bool {
	a := op.Args
	op.Handle, a.Handle = 0, 0
	fd, dest, err := sock.ListenPacket(a)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if d.packets == nil {
		d.packets = new(sock.Packets)
	}
	i, s := d.add(fd, kindPacket, readable|writable)
	s.ext = &extra{dest: dest}
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return op.FinishNow(0, nil)
}

// packet returns the slot of a datagram socket, or an error that says why not.
func (d *Driver) packet(op *driver.Op) (uint32, *slot, error) {
	i, s := d.slots.Get(op.Handle)
	switch {
	case op.InFlight():
		panic(ring.Busy)
	case s == nil:
		return 0, nil, driver.ErrClosed
	case s.kind != kindPacket:
		return 0, nil, driver.ErrKind
	case len(op.Args.Msgs) == 0:
		return 0, nil, driver.ErrNoMessages
	}
	return i, s, nil
}

// recvMsgs believes a short count: recvmmsg stops short when the queue is
// empty, and the datagram that ends that is a new edge. It also does at an
// error that came in the middle, which it keeps for the next call; the event
// of that error is still to come then, since we take events between calls.
func (d *Driver) recvMsgs(op *driver.Op) bool {
	i, s, err := d.packet(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if s.flags&readable == 0 {
		return d.wait(i, s, op)
	}
	msgs := op.Args.Msgs
	msgs = msgs[:min(len(msgs), sock.MaxMsgs)]
	for {
		n, errno := d.packets.Recv(int(s.fd), msgs, d)
		switch errno {
		case 0:
			if n < len(msgs) {
				s.flags &^= readable
			}
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			s.flags &^= readable
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError("recvmmsg", errno))
		}
	}
}

// sendMsgs does not believe a short count: sendmmsg stops at an error, too,
// and forgets it, since the next call finds it again.
func (d *Driver) sendMsgs(op *driver.Op) bool {
	i, s, err := d.packet(op)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if s.flags&writable == 0 {
		return d.wait(i, s, op)
	}
	for {
		n, errno := d.packets.Send(int(s.fd), op.Args.Msgs, s.ext.dest, d)
		switch errno {
		case 0:
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			s.flags &^= writable
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError("sendmmsg", errno))
		}
	}
}

// watchSend has epoll report, or no longer report, that a datagram socket may
// be written to.
func (d *Driver) watchSend(i uint32, s *slot, on bool) error {
	mask := uint32(packetEvents)
	if on {
		mask |= unix.EPOLLOUT
	}
	ev := d.event(i, mask)
	if err := unix.EpollCtl(d.epfd, unix.EPOLL_CTL_MOD, int(s.fd), &ev); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	s.flags &^= sending
	if on {
		s.flags |= sending
	}
	return nil
}
