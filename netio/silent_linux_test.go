package netio_test

import (
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// silent returns a port of 127.0.0.2 at which nobody answers: its backlog is
// full, and Linux drops what does not fit.
func silent(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := sa.(*syscall.SockaddrInet4).Port
	for range 10 {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.2", strconv.Itoa(port)), 100*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("a full backlog answers here")
	return 0
}

// One IP is silent: the other one is connected to after the delay, and what was
// under way leaves no descriptor.
func TestDialPastSilence(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no system underneath")
		}
		port := strconv.Itoa(silent(t))
		l, err := netio.Listen(w.ctx, "tcp", "127.0.0.3:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		r, _ := fixed(ips("127.0.0.2", "127.0.0.3")...)
		const delay = 50 * time.Millisecond
		files := leakcheck.Descriptors()
		begin := time.Now()
		c, err := netio.Dialer{Resolver: r, FallbackDelay: delay}.Dial(w.ctx, "tcp", "silent.example:"+port)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < delay || took > 10*time.Second {
			t.Errorf("connected after %v", took)
		}
		if c.RemoteAddr().String() != l.Addr().String() {
			t.Errorf("connected to %v", c.RemoteAddr())
		}
		c.Close()
		w.settle()
		noLeak(t, "descriptors", files, leakcheck.Descriptors) // while the driver is open
	})
}
