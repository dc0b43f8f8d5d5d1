package netio_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

func TestRefused(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		addr := l.Addr().String()
		l.Close()
		w.settle()
		_, err := netio.Dial(w.ctx, "tcp", addr)
		wantIs(t, err, syscall.ECONNREFUSED)
		if e := wantOp(t, err, "dial", "tcp"); e.Addr == nil || e.Addr.String() != addr {
			t.Error("Addr is", e.Addr)
		}
		// And in poll form.
		_, err = executor.Spawn[*netio.Conn](w.ex, netio.NewDial("tcp", addr)).Join(w.ctx)
		wantIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestReset(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		read := async(t, func() (int, error) { return b.Read(w.ctx, make([]byte, 1)) })
		w.settle()
		if err := a.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		a.Close()
		_, err := read()
		wantIs(t, err, syscall.ECONNRESET)
		e := wantOp(t, err, "read", "tcp")
		if e.Source.String() != b.LocalAddr().String() || e.Addr.String() != b.RemoteAddr().String() {
			t.Error(e)
		}
		// Writing fails, too; a driver that takes bytes over learns of it later.
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			if _, err = b.Write(w.ctx, []byte("x")); err != nil {
				break
			} else if time.Now().After(end) {
				t.Fatal("one can write for ever")
			}
		}
		if !errors.Is(err, syscall.EPIPE) {
			wantIs(t, err, syscall.ECONNRESET)
		}
		wantOp(t, err, "write", "tcp")
	})
}

func TestListenTwice(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l := w.listen()
		_, err := netio.Listen(w.ctx, "tcp", l.Addr().String())
		wantIs(t, err, syscall.EADDRINUSE)
		wantOp(t, err, "listen", "tcp")
	})
}

// Bad arguments get an error that says what is wrong.
func TestBadArguments(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		for _, x := range []struct{ network, address, says string }{
			{"udp", "127.0.0.1:1", "tcp, tcp4, tcp6 or unix"},
			{"", "127.0.0.1:1", "tcp, tcp4, tcp6 or unix"},
			{"tcp", "127.0.0.1", "missing port"},
			{"tcp", "127.0.0.1:http", "number from 0 to 65535"},
			{"tcp", "127.0.0.1:65536", "number from 0 to 65535"},
			{"tcp", "127.0.0.1:-1", "number from 0 to 65535"},
			{"tcp4", "[::1]:80", "not an address of network tcp4"},
			{"tcp6", "127.0.0.1:80", "not an address of network tcp6"},
			{"tcp", "::1:80", "too many colons"},
			{"unix", "", "needs a path"},
			{"unix", strings.Repeat("x", 200), "invalid argument"},
		} {
			if len(x.address) > 100 && !w.realNetwork() {
				continue // no unix sockets
			}
			_, err := netio.Listen(w.ctx, x.network, x.address)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("Listen(%q, %q): %v; want %q in it", x.network, x.address, err, x.says)
			}
			wantOp(t, err, "listen", x.network)
			_, err = netio.Dial(w.ctx, x.network, x.address)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("Dial(%q, %q): %v; want %q in it", x.network, x.address, err, x.says)
			}
			wantOp(t, err, "dial", x.network)
		}
		_, err := netio.ListenConfig{Backlog: -1}.Listen(w.ctx, "tcp", "127.0.0.1:0")
		if err == nil || !strings.Contains(err.Error(), "Backlog") {
			t.Error(err)
		}
		_, err = netio.Listen(w.ctx, "tcp", "example.org:80")
		if err == nil || !strings.Contains(err.Error(), "not a name") {
			t.Error(err)
		}
		for _, x := range []struct{ network, local, says string }{
			{"tcp", "nowhere:1", "not a name"},
			{"unix", "127.0.0.1:0", "not for unix sockets"},
		} {
			_, err := netio.Dialer{LocalAddress: x.local}.Dial(w.ctx, x.network, "127.0.0.1:1")
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("LocalAddress %q: %v; want %q in it", x.local, err, x.says)
			}
		}
		a, _ := w.pair()
		if err := a.SetLinger(1); err == nil || !strings.Contains(err.Error(), "linger") {
			t.Error(err)
		}
	})
}

// A ctx without an executor gets an error that names the remedy.
func TestNoExecutor(t *testing.T) {
	_, err := netio.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err == nil || !strings.Contains(err.Error(), "rouse.WithExecutor") {
		t.Error(err)
	}
	_, err = netio.Dial(context.Background(), "tcp", "127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "rouse.WithExecutor") {
		t.Error(err)
	}
}

// With Config.Executor the ctx need not carry one.
func TestExecutorInConfig(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		l, err := netio.ListenConfig{Executor: w.ex}.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := netio.Dialer{Executor: w.ex, LocalAddress: "127.0.0.1:0"}.Dial(context.Background(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if l.Executor() != rouse.Executor(w.ex) || c.Executor() != rouse.Executor(w.ex) {
			t.Error("not at home")
		}
	})
}

// The end of a ctx comes back as it is.
func TestContextEnds(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, _ := w.pair()
		ended, cancel := context.WithCancel(w.ctx)
		cancel()
		past, cancel := context.WithDeadline(w.ctx, time.Now().Add(-time.Second))
		defer cancel()
		for ctx, want := range map[context.Context]error{ended: context.Canceled, past: context.DeadlineExceeded} {
			_, err := a.Read(ctx, make([]byte, 1))
			if err != want {
				t.Error("Read:", err)
			}
			_, err = a.Write(ctx, make([]byte, 1))
			if err != want {
				t.Error("Write:", err)
			}
			_, err = a.Writev(ctx, &net.Buffers{make([]byte, 1)})
			if err != want {
				t.Error("Writev:", err)
			}
			_, err = netio.Dial(ctx, "tcp", "127.0.0.1:1")
			if err != want {
				t.Error("Dial:", err)
			}
			_, err = netio.Listen(ctx, "tcp", "127.0.0.1:0")
			if err != want {
				t.Error("Listen:", err)
			}
		}
	})
}

func TestErrClosed(t *testing.T) {
	if !errors.Is(netio.ErrClosed, net.ErrClosed) || errors.Is(netio.ErrClosed, os.ErrDeadlineExceeded) {
		t.Error("ErrClosed is not net.ErrClosed")
	}
	var e net.Error
	if !errors.As(netio.ErrClosed, &e) || e.Timeout() {
		t.Error("ErrClosed is no net.Error")
	}
}
