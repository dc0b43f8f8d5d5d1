package netio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
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
		ended := 0
		for got := 0; got < many; {
			ctx, cancel := context.WithTimeout(w.ctx, time.Duration(ended%40)*10*time.Microsecond)
			buf := []byte{255}
			n, from, err := b.RecvFrom(ctx, buf)
			cancel()
			switch {
			case err == nil:
				if n != 1 || buf[0] != byte(got) || from != a.LocalAddrPort() {
					t.Fatalf("datagram %d: %d bytes, %v from %v", got, n, buf, from)
				}
				got++
			case errors.Is(err, context.DeadlineExceeded):
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

// An aborted task leaves the socket to others.
func TestDatagramAbort(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.packet(), w.packet()
		for range 20 {
			h := executor.SpawnFiber(w.ctx, w.ex, func(ctx context.Context) (int, error) {
				n, _, err := b.RecvFrom(ctx, make([]byte, 10))
				return n, err
			})
			w.settle()
			h.Abort()
			if _, err := h.Join(w.ctx); !errors.Is(err, rouse.ErrCanceled) {
				t.Fatal(err)
			}
			if err := a.SendTo(w.ctx, []byte("x"), b.LocalAddrPort()); err != nil {
				t.Fatal(err)
			}
			w.wantDatagram(b, "x", a.LocalAddrPort())
		}
	})
}

func TestPacketConnClose(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		c := w.packet()
		read := async(t, func() (int, error) {
			n, _, err := c.RecvFrom(w.ctx, make([]byte, 10))
			return n, err
		})
		w.settle()
		c.Close()
		c.Close()
		_, err := read()
		wantIs(t, err, netio.ErrClosed, net.ErrClosed)
		wantOp(t, err, "read", "udp")
		_, err = c.SendMsgs(w.ctx, make([]netio.Message, 1))
		wantIs(t, err, net.ErrClosed)
		wantIs(t, c.SetReadBuffer(1), net.ErrClosed)
		wantIs(t, c.NetPacketConn(w.ctx).SetDeadline(time.Time{}), net.ErrClosed)
		// And by the end of its executor.
		c = w.packet()
		read = async(t, func() (int, error) {
			n, _, err := c.RecvFrom(w.ctx, make([]byte, 10))
			return n, err
		})
		w.settle()
		w.stop()
		_, err = read()
		wantIs(t, err, net.ErrClosed)
		_, err = netio.ListenPacket(w.ctx, "udp", "127.0.0.1:0")
		wantIs(t, err, net.ErrClosed)
	})
}

func TestPacketConnMisuse(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		other := newWorld(t, drivers[0].Open)
		c := w.packet()
		for name, poll := range map[string]func(cx *rouse.Context) (int, error){
			"PollRecvMsgs":       func(cx *rouse.Context) (int, error) { return c.PollRecvMsgs(cx, make([]netio.Message, 1)) },
			"PollRecvMsgs empty": func(cx *rouse.Context) (int, error) { return c.PollRecvMsgs(cx, nil) },
			"PollSendTo":         func(cx *rouse.Context) (int, error) { return 0, c.PollSendTo(cx, nil, c.LocalAddrPort()) },
		} {
			_, err := task(other, poll)
			if wantPanic(t, err, "spawn the task on the executor"); t.Failed() {
				t.Fatal(name)
			}
		}
		wait := func(cx *rouse.Context) (int, error) {
			n, _, err := c.PollRecvFrom(cx, make([]byte, 1))
			return n, err
		}
		first := spawn(w, wait)
		w.settle()
		_, err := task(w, wait)
		wantPanic(t, err, "two tasks use one direction")
		first.Abort()
		if _, err := first.Join(w.ctx); !errors.Is(err, rouse.ErrCanceled) {
			t.Error(err)
		}
		_, err = task(w, func(cx *rouse.Context) (int, error) {
			c.ForgetRecv()
			return c.PollRecvMsgs(cx, nil)
		})
		if err != nil {
			t.Error(err)
		}
		if n, err := c.RecvMsgs(w.ctx, nil); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
}

// pong answers each datagram, in batches; ping sends them.
type pong struct {
	c    *netio.PacketConn
	msgs []netio.Message
	bufs [][]byte
	have int
	left int
}

func newPong(c *netio.PacketConn, left int) *pong {
	p := &pong{c: c, msgs: make([]netio.Message, 8), bufs: make([][]byte, 8), left: left}
	for i := range p.bufs {
		p.bufs[i] = make([]byte, 64)
	}
	return p
}

func (p *pong) Poll(cx *rouse.Context) (struct{}, error) {
	for p.left > 0 {
		for p.have == 0 {
			for i := range p.msgs {
				p.msgs[i].Buf = p.bufs[i]
			}
			n, err := p.c.PollRecvMsgs(cx, p.msgs)
			if err != nil {
				return struct{}{}, err
			}
			for i := range p.msgs[:n] {
				p.msgs[i].Buf = p.msgs[i].Buf[:p.msgs[i].N]
			}
			p.have = n
		}
		n, err := p.c.PollSendMsgs(cx, p.msgs[:p.have])
		if err != nil {
			return struct{}{}, err
		}
		if p.have -= n; p.have > 0 {
			copy(p.msgs, p.msgs[n:n+p.have])
		}
		p.left -= n
	}
	return struct{}{}, nil
}

// Datagrams in poll form allocate nothing in steady state, in batches and one
// by one.
func TestDatagramAllocs(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.skipPortable()
		run := func(rounds int) {
			a, b := w.packet(), w.packet()
			h := executor.Spawn[struct{}](w.ex, newPong(b, rounds))
			if err := a.SendTo(w.ctx, []byte("ball"), b.LocalAddrPort()); err != nil {
				t.Fatal(err)
			}
			buf, sent, left := make([]byte, 64), true, rounds
			_, err := task(w, func(cx *rouse.Context) (struct{}, error) {
				for {
					if !sent {
						if err := a.PollSendTo(cx, buf[:4], b.LocalAddrPort()); err != nil {
							return struct{}{}, err
						}
						sent = true
					}
					n, from, err := a.PollRecvFrom(cx, buf)
					if err != nil {
						return struct{}{}, err
					}
					if n != 4 || from != b.LocalAddrPort() {
						return struct{}{}, fmt.Errorf("%d bytes from %v", n, from)
					}
					if left--; left == 0 {
						return struct{}{}, nil
					}
					sent = false
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Join(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		run(1000)
		const rounds = 5000
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run(rounds)
		runtime.ReadMemStats(&after)
		mallocs := after.Mallocs - before.Mallocs
		t.Logf("%d allocations in %d round trips", mallocs, rounds)
		if mallocs > rounds/20 {
			t.Error("datagrams allocate")
		}
	})
}
