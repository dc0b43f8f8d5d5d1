//go:build linux

package uring

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/sock"
)

// Datagrams are received and sent by the batch, by recvmmsg and sendmmsg inside
// Submit; the ring only waits. The ring's own forms take one request for each
// datagram, and its multishot receive a buffer with room for the largest.

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
	i, s := d.add(fd, kindPacket)
	s.more().dest = dest
	op.Handle = d.slots.Handle(i)
	a.Handle = op.Handle
	return op.FinishNow(0, nil)
}

func (d *Driver) recvMsgs(op *driver.Op) bool {
	i, s, err := d.lookup(op, isPacket)
	if err != nil {
		return op.FinishNow(0, err)
	}
	msgs := op.Args.Msgs
	if len(msgs) == 0 {
		return op.FinishNow(0, driver.ErrNoMessages)
	}
	for {
		n, errno := d.packets.Recv(int(s.fd), msgs[:min(len(msgs), sock.MaxMsgs)], d)
		switch errno {
		case 0:
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			d.poll(i, s, true)
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError("recvmmsg", errno))
		}
	}
}

func (d *Driver) sendMsgs(op *driver.Op) bool {
	i, s, err := d.lookup(op, isPacket)
	if err != nil {
		return op.FinishNow(0, err)
	}
	if len(op.Args.Msgs) == 0 {
		return op.FinishNow(0, driver.ErrNoMessages)
	}
	for {
		n, errno := d.packets.Send(int(s.fd), op.Args.Msgs, s.ext.dest, d)
		switch errno {
		case 0:
			return op.FinishNow(n, nil)
		case unix.EAGAIN:
			d.poll(i, s, false)
			return d.wait(i, s, op)
		case unix.EINTR:
		default:
			return op.FinishNow(0, os.NewSyscallError("sendmmsg", errno))
		}
	}
}
