package bench

import (
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/internal/uring"
)

// The bare ring server: a locked thread, the flags and the kinds of request that
// driver/uring uses, and nothing between them and the kernel. It is what a
// runtime can come near to.

const (
	rawBuffers  = 1024
	rawAccept   = 1 << 32 // the mark of the accept; others are descriptors
	rawStop     = 2 << 32
	rawSendMark = 3 << 32
)

type rawServer struct {
	ring *uring.Ring
	bufs *uring.BufRing
	out  []*rawConn // by descriptor
	open counter
	stop atomic.Bool
	bell int
}

// A rawConn is the reply of a connection, which stays in place until the kernel
// has it.
type rawConn struct{ buf [echoBuffer]byte }

func serveRaw() (*echoServer, error) {
	ln, err := net.Listen("tcp", echoAddr)
	if err != nil {
		return nil, err
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	ln.Close()
	s := &rawServer{}
	if s.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	ready := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer f.Close()
		ended <- s.run(int(f.Fd()), ready)
	}()
	if err := <-ready; err != nil {
		return nil, err
	}
	return &echoServer{addr: addr, open: s.open.value, stop: func() error {
		s.stop.Store(true)
		if _, err := unix.Write(s.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
			return err
		}
		defer unix.Close(s.bell)
		return <-ended
	}}, nil
}

func (s *rawServer) begin(listener int) (err error) {
	if s.ring, err = uring.New(uring.Config{Entries: 1024, Completions: 4096}); err != nil {
		return err
	}
	if err = s.ring.Enable(); err != nil {
		return err
	}
	if s.bufs, err = s.ring.NewBufRing(0, rawBuffers, echoBuffer); err != nil {
		return err
	}
	if err = s.bufs.Grow(rawBuffers); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(listener, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	s.next().AcceptMany(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, rawAccept)
	s.next().PollMany(s.bell, unix.POLLIN, rawStop)
	return nil
}

func (s *rawServer) next() *uring.SQE {
	for {
		if e := s.ring.Next(); e != nil {
			return e
		}
		s.ring.Enter(0)
	}
}

func (s *rawServer) run(listener int, ready chan<- error) error {
	err := s.begin(listener)
	ready <- err
	if err != nil {
		return err
	}
	defer s.bufs.Free()
	defer s.ring.Close()
	var c uring.CQE
	for !s.stop.Load() {
		switch errno := s.ring.Enter(uring.Forever); errno {
		case 0, unix.EINTR, unix.EAGAIN, unix.EBUSY:
		default:
			return errno
		}
		for s.ring.Peek(&c) {
			if err := s.complete(&c); err != nil {
				return err
			}
		}
		s.ring.Seen()
		s.bufs.Publish()
	}
	for fd := range s.out {
		if s.out[fd] != nil {
			unix.Close(fd)
		}
	}
	return nil
}

// complete serves one completion. A send makes none unless it fails: then so
// does the benchmark, since 64 bytes always have room.
func (s *rawServer) complete(c *uring.CQE) error {
	switch c.UserData {
	case rawStop:
		return nil
	case rawAccept:
		if c.Res < 0 {
			return fmt.Errorf("accept: %w", unix.Errno(-c.Res))
		}
		fd := int(c.Res)
		for len(s.out) <= fd {
			s.out = append(s.out, nil)
		}
		s.out[fd] = new(rawConn)
		s.open.n.Add(1)
		s.next().RecvMany(fd, 0, uint64(fd))
		return nil
	}
	fd := int(c.UserData)
	if c.UserData > rawStop {
		return fmt.Errorf("send: result %d", c.Res)
	}
	if c.Res <= 0 {
		if errno := unix.Errno(-c.Res); errno == unix.ENOBUFS {
			s.next().RecvMany(fd, 0, uint64(fd))
			return nil
		}
		s.out[fd] = nil
		s.open.n.Add(-1)
		return unix.Close(fd)
	}
	bid := c.Buffer()
	n := copy(s.out[fd].buf[:], s.bufs.Bytes(bid)[:c.Res])
	s.bufs.Give(bid)
	e := s.next()
	e.Send(fd, unsafe.Pointer(&s.out[fd].buf), n, unix.MSG_DONTWAIT|unix.MSG_WAITALL|unix.MSG_NOSIGNAL, rawSendMark+uint64(fd))
	e.Quiet()
	if c.Flags&uring.CQEMore == 0 {
		s.next().RecvMany(fd, 0, uint64(fd))
	}
	return nil
}
