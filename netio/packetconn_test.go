package netio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

func (w *world) packet() *netio.PacketConn {
	w.t.Helper()
	c, err := netio.ListenPacket(w.ctx, "udp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// wantDatagram receives one and checks it.
func (w *world) wantDatagram(c *netio.PacketConn, text string, from netip.AddrPort) {
	w.t.Helper()
	buf := make([]byte, 100)
	n, addr, err := c.RecvFrom(w.ctx, buf)
	if err != nil || string(buf[:n]) != text || addr != from {
		w.t.Fatalf("got %q from %v, %v; want %q from %v", buf[:n], addr, err, text, from)
	}
}

func TestDatagrams(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.packet(), w.packet()
		at, bt := a.LocalAddrPort(), b.LocalAddrPort()
		if a.LocalAddr().String() != at.String() || a.LocalAddr().Network() != "udp" || a.RemoteAddr() != nil || a.Executor() != w.ex {
			t.Errorf("a is at %v (%v), its peer %v", a.LocalAddr(), at, a.RemoteAddr())
		}
		for i := range 20 {
			text := fmt.Sprint("datagram ", i)
			if err := a.SendTo(w.ctx, []byte(text), bt); err != nil {
				t.Fatal(err)
			}
			w.wantDatagram(b, text, at)
		}
		if err := a.SendTo(w.ctx, nil, bt); err != nil {
			t.Fatal(err)
		}
		w.wantDatagram(b, "", at)
		if err := a.SetReadBuffer(1 << 18); err != nil {
			t.Error(err)
		}
		if err := a.SetWriteBuffer(1 << 18); err != nil {
			t.Error(err)
		}
	})
}

// More than a driver takes at once, both ways, in fibers and on goroutines.
func TestDatagramBatches(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const many = 100
		body := func(ctx context.Context) (struct{}, error) {
			a, err := netio.ListenPacket(ctx, "udp4", "127.0.0.1:0")
			if err != nil {
				return struct{}{}, err
			}
			defer a.Close()
			b, err := netio.ListenPacket(ctx, "udp4", "127.0.0.1:0")
			if err != nil {
				return struct{}{}, err
			}
			defer b.Close()
			out := make([]netio.Message, many)
			for i := range out {
				out[i] = netio.Message{Buf: bytes.Repeat([]byte{byte(i)}, i), Addr: b.LocalAddrPort()}
			}
			if n, err := a.SendMsgs(ctx, out); n != many || err != nil {
				return struct{}{}, fmt.Errorf("sent %d, %w", n, err)
			}
			for got := 0; got < many; {
				in := make([]netio.Message, 7)
				for i := range in {
					in[i].Buf = make([]byte, many/2)
				}
				n, err := b.RecvMsgs(ctx, in)
				if n < 1 || err != nil {
					return struct{}{}, fmt.Errorf("received %d, %w", n, err)
				}
				for _, m := range in[:n] {
					want := out[got].Buf[:min(got, many/2)]
					if !bytes.Equal(m.Buf[:m.N], want) || m.Addr != a.LocalAddrPort() || m.Truncated != (got > many/2) {
						return struct{}{}, fmt.Errorf("datagram %d: %d bytes from %v, truncated %v", got, m.N, m.Addr, m.Truncated)
					}
					got++
				}
			}
			return struct{}{}, nil
		}
		if _, err := body(w.ctx); err != nil {
			t.Error("on a goroutine:", err)
		}
		if _, err := executor.SpawnFiber(w.ctx, w.ex, body).Join(w.ctx); err != nil {
			t.Error("in a fiber:", err)
		}
	})
}

func TestDialPacket(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a := w.packet()
		r := &netio.Resolver{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}}
		_, port, _ := net.SplitHostPort(a.LocalAddr().String())
		for _, host := range []string{"127.0.0.1", "localhost", "", "name.example"} {
			c, err := netio.Dialer{Resolver: r}.DialPacket(w.ctx, "udp", net.JoinHostPort(host, port))
			if err != nil {
				t.Fatal(host, err)
			}
			if c.RemoteAddr().String() != a.LocalAddr().String() {
				t.Errorf("%q: the peer is %v", host, c.RemoteAddr())
			}
			if err := c.SendTo(w.ctx, []byte("hello"), netip.AddrPort{}); err != nil {
				t.Fatal(err)
			}
			w.wantDatagram(a, "hello", c.LocalAddrPort())
			if err := a.SendTo(w.ctx, []byte("back"), c.LocalAddrPort()); err != nil {
				t.Fatal(err)
			}
			w.wantDatagram(c, "back", a.LocalAddrPort())
			c.Close()
		}
		from := w.packet()
		from.Close()
		w.settle()
		c, err := netio.Dialer{LocalAddress: from.LocalAddr().String()}.DialPacket(w.ctx, "udp4", a.LocalAddr().String())
		if err != nil || c.LocalAddrPort() != from.LocalAddrPort() {
			t.Fatalf("from %v: %v", from.LocalAddr(), err)
		}
		c.Close()
		for _, x := range []struct{ network, address, says string }{
			{"tcp", "127.0.0.1:1", "udp, udp4 or udp6"},
			{"udp", "127.0.0.1", "missing port"},
			{"udp6", "127.0.0.1:1", "not an address of network udp6"},
		} {
			_, err := netio.DialPacket(w.ctx, x.network, x.address)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("DialPacket(%q, %q): %v", x.network, x.address, err)
			}
			wantOp(t, err, "dial", x.network)
			_, err = netio.ListenPacket(w.ctx, x.network, x.address)
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("ListenPacket(%q, %q): %v", x.network, x.address, err)
			}
			wantOp(t, err, "listen", x.network)
		}
	})
}

// That nobody is there is told once, and the socket is as good as before.
func TestDatagramRefused(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		gone := w.packet()
		gone.Close()
		w.settle()
		c, err := netio.DialPacket(w.ctx, "udp", gone.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		read := async(t, func() (int, error) {
			n, _, err := c.RecvFrom(w.ctx, make([]byte, 10))
			return n, err
		})
		if err := c.SendTo(w.ctx, []byte("anybody?"), netip.AddrPort{}); err != nil {
			wantIs(t, err, syscall.ECONNREFUSED)
		}
		_, err = read()
		wantIs(t, err, syscall.ECONNREFUSED)
		if op := wantOp(t, err, "read", "udp"); op.Addr.String() != gone.LocalAddr().String() {
			t.Error(op)
		}
		back, err := netio.ListenPacket(w.ctx, "udp", gone.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		if err := back.SendTo(w.ctx, []byte("here"), c.LocalAddrPort()); err != nil {
			t.Fatal(err)
		}
		w.wantDatagram(c, "here", back.LocalAddrPort())
	})
}

// A receive that ctx ends, at any moment, loses no datagram and does not touch
// its messages any more.
func TestDatagramCancel(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.packet(), w.packet()
		const many = 200
		send := async(t, func() (int, error) {
			for i := range many {
				if err := a.SendTo(w.ctx, []byte{byte(i)}, b.LocalAddrPort()); err != nil {
					return i, err
				}
				time.Sleep(20 * time.Microsecond)
			}
			return many, nil
		})
		ended, vain := 0, 0
		for got := 0; got < many; {
			ctx, cancel := context.WithTimeout(w.ctx, soon(100*time.Microsecond, vain))
			buf := []byte{255}
			n, from, err := b.RecvFrom(ctx, buf)
			cancel()
			switch {
			case err == nil:
				if n != 1 || buf[0] != byte(got) || from != a.LocalAddrPort() {
					t.Fatalf("datagram %d: %d bytes, %v from %v", got, n, buf, from)
				}
				got++
				vain = 0
			case errors.Is(err, context.DeadlineExceeded):
				vain++
				if ended++; buf[0] != 255 {
					t.Fatal("a receive that failed has written to its buffer")
				}
				if w.ctx.Err() != nil {
					t.Fatal("lost datagrams: got", got)
				}
			default:
				t.Fatal(err)
			}
		}
		if _, err := send(); err != nil || ended == 0 {
			t.Error(err, ended)
		}
	})
}
