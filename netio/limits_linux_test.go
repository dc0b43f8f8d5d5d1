package netio_test

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/netio"
)

// maxFiles is how many descriptors we may have.
func maxFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 256
	}
	return int(l.Cur)
}

// When descriptors have run out, Accept says so, and works again when there are
// some.
func TestAcceptWithoutDescriptors(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no descriptors")
		}
		l := w.listen()
		c, err := netio.Dial(w.ctx, "tcp", l.Addr().String()) // waits in the queue
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var fill []*os.File
		release := func() {
			for _, f := range fill {
				f.Close()
			}
			fill = nil
		}
		defer release()
		var old syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Fatal(err)
		}
		low := old
		low.Cur = uint64(leakcheck.Descriptors() + 20)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
		for {
			f, err := os.Open("/dev/null")
			if err != nil {
				break
			}
			fill = append(fill, f)
		}
		for range 3 {
			_, err = l.Accept(w.ctx)
			if err == nil {
				t.Fatal("accepted without a descriptor")
			}
			wantIs(t, err, syscall.EMFILE)
			var e interface{ Temporary() bool }
			if !errors.As(err, &e) || !e.Temporary() { // what http.Serve looks at
				t.Errorf("%v does not pass", err)
			}
		}
		release()
		s, err := l.Accept(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
}

// sockets returns the options of our sockets whose own port is port.
func options(t *testing.T, port int) (found int, noDelay, keepAlive, idle int) {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		fd, _ := strconv.Atoi(n.Name())
		sa, err := syscall.Getsockname(fd)
		if err != nil {
			continue
		}
		if in, ok := sa.(*syscall.SockaddrInet4); !ok || in.Port != port {
			continue
		}
		if _, err := syscall.Getpeername(fd); err != nil {
			continue // the listener
		}
		found++
		noDelay, _ = syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
		keepAlive, _ = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		idle, _ = syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE)
	}
	return
}

// The options of connections, accepted and dialled, are the documented ones.
func TestOptions(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no sockets")
		}
		for _, x := range []struct {
			period    time.Duration
			keep, sec int
		}{{0, 1, 15}, {time.Minute + 1, 1, 61}, {-1, 0, 0}} {
			l, err := netio.ListenConfig{KeepAlive: x.period}.Listen(w.ctx, "tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			a, err := netio.Dialer{KeepAlive: x.period}.Dial(w.ctx, "tcp4", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for what, c := range map[string]*netio.Conn{"dialled": a, "accepted": b} {
				n, noDelay, keep, idle := options(t, c.LocalAddr().(*net.TCPAddr).Port)
				if n != 1 || noDelay != 1 || keep != x.keep || keep == 1 && idle != x.sec {
					t.Errorf("KeepAlive %v, %s: %d sockets, TCP_NODELAY %d, SO_KEEPALIVE %d, TCP_KEEPIDLE %d", x.period, what, n, noDelay, keep, idle)
				}
				c.SetNoDelay(false)
				c.SetKeepAlive(7 * time.Second)
				w.settle()
				_, noDelay, keep, idle = options(t, c.LocalAddr().(*net.TCPAddr).Port)
				if noDelay != 0 || keep != 1 || idle != 7 {
					t.Errorf("%s, changed: TCP_NODELAY %d, SO_KEEPALIVE %d, TCP_KEEPIDLE %d", what, noDelay, keep, idle)
				}
				c.SetKeepAlive(-1)
				w.settle()
				if _, _, keep, _ = options(t, c.LocalAddr().(*net.TCPAddr).Port); keep != 0 {
					t.Error("keep-alive is still on")
				}
				c.Close()
			}
			l.Close()
		}
	})
}
