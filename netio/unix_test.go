package netio_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/netio"
)

func TestUnixSocket(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no unix sockets")
		}
		path := filepath.Join(t.TempDir(), "s")
		l, err := netio.Listen(w.ctx, "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if a := l.Addr(); a.Network() != "unix" || a.String() != path {
			t.Error("Addr:", a)
		}
		a, b := w.pairOn(l)
		if a.RemoteAddr().String() != path || b.LocalAddr().String() != path {
			t.Error("addresses:", a.RemoteAddr(), b.LocalAddr())
		}
		if a.LocalAddr().String() != "" || b.RemoteAddr().String() != "" {
			t.Error("a client has a name:", a.LocalAddr(), b.RemoteAddr())
		}
		echo := async(t, func() (int, error) {
			s := ctxStream{w.ctx, b}
			buf := make([]byte, 1000)
			for {
				n, err := s.Read(buf)
				if err != nil {
					return 0, err
				}
				if _, err := s.Write(buf[:n]); err != nil {
					return 0, err
				}
			}
		})
		talk(t, ctxStream{w.ctx, a})
		a.Close()
		if _, err := echo(); err == nil {
			t.Error("no end")
		}
		if _, err := netio.Listen(w.ctx, "unix", path); err == nil {
			t.Error("two listeners at one path")
		}
		l.Close()
		w.settle()
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the socket file is left:", err)
		}
		if _, err := netio.Dial(w.ctx, "unix", path); err == nil {
			t.Error("still there")
		}
	})
}

func TestUnixAbstract(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("linux has them")
	}
	onEach(t, func(t *testing.T, w *world) {
		if !w.realNetwork() {
			t.Skip("no unix sockets")
		}
		l, err := netio.Listen(w.ctx, "unix", "@rouse-netio-test")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		a, b := w.pairOn(l)
		if _, err := a.Write(w.ctx, []byte("x")); err != nil {
			t.Error(err)
		}
		if n, err := b.Read(w.ctx, make([]byte, 4)); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestAddresses(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		for _, x := range []struct{ network, listen, dial string }{
			{"tcp", "127.0.0.1:0", ""},
			{"tcp", "localhost:0", ""},
			{"tcp4", ":0", ""},
			{"tcp", ":0", "localhost:"},
			{"tcp", ":0", ":"},
			{"tcp", "0.0.0.0:0", ""},
			{"tcp6", "[::1]:0", ""},
			{"tcp6", "localhost:0", ""},
			{"tcp", "[::1]:0", ""},
			{"tcp", "[::]:0", ""},
		} {
			l, err := netio.Listen(w.ctx, x.network, x.listen)
			if err != nil {
				t.Errorf("%s %s: %v", x.network, x.listen, err)
				continue
			}
			addr := l.Addr().String()
			if x.dial != "" {
				addr = x.dial + addr[len(addr)-portLen(addr):]
			}
			a, err := netio.Dial(w.ctx, x.network, addr)
			if err != nil {
				t.Errorf("%s %s: dial %s: %v", x.network, x.listen, addr, err)
				l.Close()
				continue
			}
			b, err := l.Accept(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if a.LocalAddr().String() != b.RemoteAddr().String() || a.RemoteAddr().String() != b.LocalAddr().String() {
				t.Errorf("%s %s: ends %v-%v and %v-%v", x.network, x.listen, a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
			}
			a.Close()
			b.Close()
			l.Close()
		}
	})
}

func portLen(addr string) int {
	for i := len(addr) - 1; ; i-- {
		if addr[i] == ':' {
			return len(addr) - 1 - i
		}
	}
}
