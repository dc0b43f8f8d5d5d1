//go:build linux

package epoll

import (
	"errors"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

// Tests of how the driver deals with the kernel; what every driver does is in
// drivertest.

func openDriver(t *testing.T) *Driver {
	d, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// run submits op and parks until it is done, within bounds.
func run(t *testing.T, d *Driver, op *driver.Op) *driver.Op {
	t.Helper()
	for deadline := d.Now() + int64(10*time.Second); ; {
		if op.Done() && op.Err == driver.ErrAgain {
			op.Reset()
		}
		if op.Done() || !op.InFlight() && d.Submit(op) {
			return op
		}
		if _, err := d.Park(deadline); err != nil {
			t.Fatal(err)
		}
		if d.Now() >= deadline {
			t.Fatalf("%v did not end", op.Code)
		}
	}
}

func must(t *testing.T, d *Driver, op *driver.Op) *driver.Op {
	t.Helper()
	if run(t, d, op); op.Err != nil {
		t.Fatalf("%v: %v", op.Code, op.Err)
	}
	return op
}

// A server is a listener of d that raw sockets connect to.
type server struct {
	t      *testing.T
	d      *Driver
	handle driver.Handle
	family int
	sa     unix.Sockaddr
}

func serve(t *testing.T, d *Driver, network string) *server {
	t.Helper()
	at := &driver.Args{Network: network, Addr: netip.MustParseAddrPort("127.0.0.1:0")}
	if network == "unix" {
		at.Path = "@rouse-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	l := must(t, d, &driver.Op{Code: driver.Listen, Args: at}).Handle
	port := must(t, d, &driver.Op{Code: driver.Query, Handle: l, Args: &driver.Args{}}).Args.Local.Port()
	s := &server{t: t, d: d, handle: l, family: unix.AF_INET}
	s.sa = &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}}
	if network == "unix" {
		s.sa, s.family = &unix.SockaddrUnix{Name: at.Path}, unix.AF_UNIX
	}
	return s
}

func (s *server) dial() (fd int) {
	s.t.Helper()
	fd, err := unix.Socket(s.family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, s.sa); err != nil {
		s.t.Fatal(err)
	}
	return fd
}

func (s *server) accept() driver.Handle {
	s.t.Helper()
	return must(s.t, s.d, &driver.Op{Code: driver.Accept, Handle: s.handle, Args: &driver.Args{}}).Args.Handle
}

// peer returns a raw socket that is connected to a handle of d.
func peer(t *testing.T, d *Driver, network string) (fd int, h driver.Handle) {
	t.Helper()
	s := serve(t, d, network)
	return s.dial(), s.accept()
}

// receive collects n bytes in big reads, so that each stops short.
func receive(t *testing.T, d *Driver, h driver.Handle, n int) string {
	t.Helper()
	got := ""
	for len(got) < n {
		op := must(t, d, &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 4096)})
		if op.N == 0 {
			break
		}
		got += string(op.Buf[:op.N])
	}
	return got
}

// A read stops short at urgent data though there is more behind it.
func TestUrgentData(t *testing.T) {
	d := openDriver(t)
	fd, h := peer(t, d, "tcp")
	for range 3 {
		unix.Write(fd, []byte("before"))
		if err := unix.Sendto(fd, []byte("!"), unix.MSG_OOB, nil); err != nil {
			t.Fatal(err)
		}
		unix.Write(fd, []byte("behind"))
		if got := receive(t, d, h, 12); got != "beforebehind" {
			t.Errorf("got %q", got)
		}
	}
}

// A read of a unix socket stops short at a message that carries descriptors.
func TestDescriptorsInStream(t *testing.T) {
	d := openDriver(t)
	fd, h := peer(t, d, "unix")
	for range 3 {
		for _, msg := range []string{"one", "two", "three"} {
			if err := unix.Sendmsg(fd, []byte(msg), unix.UnixRights(0), nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := receive(t, d, h, 11); got != "onetwothree" {
			t.Errorf("got %q", got)
		}
	}
}

// The end of a stream that came with the last bytes is seen though the read of
// these stopped short.
func TestEndBehindData(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		for wait := range 3 {
			d := openDriver(t)
			fd, h := peer(t, d, network)
			op := &driver.Op{Code: driver.Recv, Handle: h, Buf: make([]byte, 64)}
			if wait > 0 && d.Submit(op) {
				t.Fatal("Recv of a silent connection is done")
			}
			unix.Write(fd, []byte("end"))
			unix.Shutdown(fd, unix.SHUT_WR)
			if wait > 1 {
				d.Park(0)
			}
			must(t, d, op)
			if string(op.Buf[:op.N]) != "end" {
				t.Errorf("got %q", op.Buf[:op.N])
			}
			op.Reset()
			if must(t, d, op); op.N != 0 {
				t.Errorf("got %d bytes, want the end", op.N)
			}
		}
	}
}

// Out of descriptors: the accept says so, and the connection is there when
// descriptors are.
func TestAcceptWithoutDescriptors(t *testing.T) {
	d := openDriver(t)
	s := serve(t, d, "tcp")
	fd := s.dial()
	acc := &driver.Op{Code: driver.Accept, Handle: s.handle, Args: &driver.Args{}}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	low := before
	low.Cur = uint64(d.sleeper.FD()) // below what is open: no new one fits
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	run(t, d, acc)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(acc.Err, unix.EMFILE) {
		t.Errorf("Accept without descriptors: %v", acc.Err)
	}
	acc.Reset()
	must(t, d, acc)
	unix.Write(fd, []byte("hello"))
	if got := receive(t, d, acc.Args.Handle, 5); got != "hello" {
		t.Errorf("got %q", got)
	}
}

// Accepted connections have TCP_NODELAY from their listener.
func TestNoDelayIsInherited(t *testing.T) {
	d := openDriver(t)
	_, h := peer(t, d, "tcp")
	_, s := d.slots.Get(h)
	if v, err := unix.GetsockoptInt(int(s.fd), unix.IPPROTO_TCP, unix.TCP_NODELAY); v == 0 || err != nil {
		t.Errorf("TCP_NODELAY is %d, %v", v, err)
	}
}

// Without epoll_pwait2, deadlines are in milliseconds, rounded up.
func TestOldKernel(t *testing.T) {
	d := openDriver(t)
	d.fine = false
	for _, nap := range []time.Duration{1, 300 * time.Microsecond, time.Millisecond, 1100 * time.Microsecond} {
		least := time.Hour
		for range 3 { // the machine may be busy, but not each time
			until := d.Now() + int64(nap)
			if n, err := d.Park(until); n != 0 || err != nil {
				t.Fatal(n, err)
			}
			late := time.Duration(d.Now() - until)
			if late < 0 {
				t.Errorf("Park for %v ended %v early", nap, -late)
			}
			least = min(least, late)
		}
		if least > time.Second {
			t.Errorf("Park for %v was late by %v or more", nap, least)
		}
	}
}

// An event of a descriptor whose slot is another's by now is nobody's.
func TestStaleEvent(t *testing.T) {
	d := openDriver(t)
	s := serve(t, d, "tcp")
	s.dial()
	h := s.accept()
	i, _ := d.slots.Get(h)
	stale := d.event(i, unix.EPOLLIN|unix.EPOLLHUP)
	must(t, d, &driver.Op{Code: driver.CloseHandle, Handle: h})
	s.dial()
	h2 := s.accept()
	if uint32(h2) != i {
		t.Fatalf("the slot is not reused: %#x, then %#x", h, h2)
	}
	r := &driver.Op{Code: driver.Recv, Handle: h2, Buf: make([]byte, 1)}
	if d.Submit(r) {
		t.Fatal("Recv of a silent connection is done")
	}
	if n := d.dispatch(&stale); n != 0 || r.Done() {
		t.Errorf("a stale event completed %d ops", n)
	}
}

// A look at nothing makes no system call: it works without an epoll instance.
func TestLookIsFree(t *testing.T) {
	d := openDriver(t)
	peer(t, d, "tcp") // idle: no op waits
	epfd := d.epfd
	d.epfd = -1
	defer func() { d.epfd = epfd }()
	d.Unpark()
	for _, until := range []int64{0, driver.Forever, 0, d.Now()} {
		if until == driver.Forever {
			d.Unpark()
		}
		if n, err := d.Park(until); n != 0 || err != nil {
			t.Errorf("Park(%d) made a system call: %v", until, err)
		}
	}
}

// Bells that ring while the loop wakes for other reasons are all accounted for
// when Close frees the eventfd.
func TestCloseWaitsForTheBell(t *testing.T) {
	for range 50 {
		d := openDriver(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 200 {
				d.Unpark()
				runtime.Gosched()
			}
		}()
		for range 20 {
			d.Park(d.Now() + int64(time.Microsecond))
		}
		d.Close()
		<-done
	}
}
