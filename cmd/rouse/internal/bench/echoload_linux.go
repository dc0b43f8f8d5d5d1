package bench

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A bareConn is a connection of the load generator that has no runtime between
// it and the kernel, so that the server and not its client is measured.
type bareConn struct {
	fd        int
	next      uint64
	left      int // messages to send after the one under way
	got       int // bytes of the echo so far
	sent      time.Time
	out, back [messageBytes]byte
}

// bare takes a connection over from package net.
func bare(c *loadConn, share int) (*bareConn, error) {
	f, err := c.Conn.(*net.TCPConn).File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	return &bareConn{fd: fd, next: c.next, left: share, out: c.out}, unix.SetNonblock(fd, true)
}

func (b *bareConn) send() error {
	b.next++
	b.left--
	b.got = 0
	binary.LittleEndian.PutUint64(b.out[:], b.next)
	b.sent = time.Now()
	n, err := unix.Write(b.fd, b.out[:])
	if err == nil && n != len(b.out) {
		err = errors.New("a message of 64 bytes did not fit")
	}
	return err
}

// recv reads and reports whether the echo is complete.
func (b *bareConn) recv() (bool, error) {
	n, err := unix.Read(b.fd, b.back[b.got:])
	switch {
	case err == unix.EAGAIN:
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, errors.New("the server has closed a connection")
	}
	if b.got += n; b.got < messageBytes {
		return false, nil
	}
	if b.back != b.out {
		return false, errors.New("wrong result: the echo differs from the message")
	}
	return true, nil
}

// bareLoad exchanges n messages on conns: one thread, one epoll, one message
// under way on each.
func bareLoad(conns []*loadConn, n int) (a loadAnswer, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return a, os.NewSyscallError("epoll_create1", err)
	}
	defer unix.Close(ep)
	all := make([]*bareConn, 0, len(conns))
	defer func() {
		for _, b := range all {
			unix.Close(b.fd)
		}
	}()
	for i, c := range conns {
		share := n / len(conns)
		if i < n%len(conns) {
			share++
		}
		b, err := bare(c, share)
		if err != nil {
			return a, err
		}
		all = append(all, b)
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, b.fd, &ev); err != nil {
			return a, os.NewSyscallError("epoll_ctl", err)
		}
	}
	took := make([]time.Duration, 0, n)
	under := 0
	for _, b := range all {
		if b.left > 0 {
			if err := b.send(); err != nil {
				return a, err
			}
			under++
		}
	}
	events := make([]unix.EpollEvent, 256)
	for under > 0 {
		k, err := unix.EpollWait(ep, events, 10_000)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return a, os.NewSyscallError("epoll_wait", err)
		}
		if k == 0 {
			return a, fmt.Errorf("no echo for 10 s; %d messages are under way", under)
		}
		for _, ev := range events[:k] {
			b := all[ev.Fd]
			whole, err := b.recv()
			if err != nil {
				return a, err
			}
			if !whole {
				continue
			}
			took = append(took, time.Since(b.sent))
			if b.left == 0 {
				under--
				continue
			}
			if err := b.send(); err != nil {
				return a, err
			}
		}
	}
	for i, c := range conns {
		c.next, c.out = all[i].next, all[i].out
	}
	slices.Sort(took)
	return answer(took), nil
}
