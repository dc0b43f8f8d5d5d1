//go:build linux

package epoll

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// events is what a socket is registered for, once. EPOLLPRI tells of urgent
// data, see short.
const events = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET

// wait puts op in flight, in slot i.
func (d *Driver) wait(i uint32, s *slot, op *driver.Op) bool {
	if s.flags&watched == 0 {
		mask := uint32(events)
		if s.kind == kindPacket {
			mask = packetEvents
		}
		if err := d.register(i, s, mask); err != nil {
			return op.FinishNow(0, err)
		}
	}
	if op.Code == driver.SendMsgs && s.flags&sending == 0 {
		if err := d.watchSend(i, s, true); err != nil {
			return op.FinishNow(0, err)
		}
	}
	op.Slot = i
	s.Wait(op)
	d.waiting++
	return false
}

// register adds the descriptor of s to the epoll set. What is ready already
// comes as an event of the next look.
func (d *Driver) register(i uint32, s *slot, mask uint32) error {
	ev := d.event(i, mask)
	if err := unix.EpollCtl(d.epfd, unix.EPOLL_CTL_ADD, int(s.fd), &ev); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	s.flags |= watched
	return nil
}

// event carries the Handle of slot i in its data.
func (d *Driver) event(i, mask uint32) unix.EpollEvent {
	return unix.EpollEvent{Events: mask, Fd: int32(i), Pad: int32(d.slots.Handle(i) >> 32)}
}

// unwait takes op, which waits in s, out of its ring.
func (d *Driver) unwait(s *slot, op *driver.Op) {
	s.Leave(op)
	d.waiting--
}

// settle completes every op of a side of a slot, and returns their number.
func (d *Driver) settle(side **driver.Op, err error) int {
	n := ring.Settle(side, err)
	d.waiting -= n
	return n
}

// settleAll completes every op that was taken out of a slot, and returns their
// number.
func (d *Driver) settleAll(all ring.Sides, err error) int {
	n := all.Finish(err)
	d.waiting -= n
	return n
}

// dispatch applies one event of epoll and returns how many ops it completed.
func (d *Driver) dispatch(ev *unix.EpollEvent) int {
	i, s := d.slots.Get(driver.Handle(uint32(ev.Fd)) | driver.Handle(uint32(ev.Pad))<<32)
	if s == nil {
		return 0 // of a descriptor that was closed since; its slot is reused
	}
	const broken = unix.EPOLLERR | unix.EPOLLHUP
	in := ev.Events&(unix.EPOLLIN|unix.EPOLLPRI|unix.EPOLLRDHUP|broken) != 0
	out := ev.Events&(unix.EPOLLOUT|broken) != 0
	if s.kind == kindAttached {
		return d.seen(i, s, in, out)
	}
	if ev.Events&(unix.EPOLLPRI|unix.EPOLLRDHUP|broken) != 0 {
		s.flags |= exact
	}
	n := 0
	if in {
		s.flags |= readable
		if s.Rd != nil {
			n += d.ready(i, s)
		}
	}
	if out {
		s.flags |= writable
		if s.flags&sending != 0 {
			_ = d.watchSend(i, s, false) // if that fails we are told too often
		}
		if s.Wr != nil {
			if s.kind == kindConnecting {
				n += d.connected(i, s)
			} else {
				n += d.settle(&s.Wr, driver.ErrAgain)
			}
		}
	}
	return n
}

// ready serves those who wait to read from s.
func (d *Driver) ready(i uint32, s *slot) int {
	if s.kind == kindListener {
		return d.acceptWaiting(i, s)
	}
	return d.settle(&s.Rd, driver.ErrAgain)
}
