package netio_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/fiber"
	"github.com/rouse-go/rouse/netio"
)

// The views, as package net has them.
func TestNetPacketConn(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		a, b := w.packet().NetPacketConn(w.ctx), w.packet().NetPacketConn(w.ctx)
		if n, err := a.WriteTo([]byte("hello"), b.LocalAddr()); n != 5 || err != nil {
			t.Fatal(n, err)
		}
		buf := make([]byte, 10)
		n, from, err := b.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "hello" || from.String() != a.LocalAddr().String() {
			t.Fatalf("%q from %v, %v", buf[:n], from, err)
		}
		_, err = a.WriteTo([]byte("x"), &net.TCPAddr{})
		wantIs(t, err, syscall.EINVAL)
		if _, err = a.WriteTo([]byte("x"), nil); err == nil {
			t.Error("a datagram to nobody went")
		}
		if a.(interface{ Unwrap() *netio.PacketConn }).Unwrap().LocalAddr().String() != a.LocalAddr().String() {
			t.Error("Unwrap is another one")
		}
		// Connected: a net.Conn.
		p, err := netio.DialPacket(w.ctx, "udp", b.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := p.NetPacketConn(w.ctx).(net.Conn)
		defer c.Close()
		if n, err := c.Write([]byte("one")); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		n, from, err = b.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "one" {
			t.Fatal(n, err)
		}
		if _, err := b.WriteTo([]byte("two"), from); err != nil {
			t.Fatal(err)
		}
		if n, err = c.Read(buf); err != nil || string(buf[:n]) != "two" {
			t.Fatal(n, err)
		}
		_, err = c.(net.PacketConn).WriteTo([]byte("x"), b.LocalAddr())
		wantIs(t, err, net.ErrWriteToConnected)
		// Several at once.
		var g sync.WaitGroup
		const each = 20
		for range 3 {
			g.Go(func() {
				for range each {
					if _, err := a.WriteTo([]byte("x"), b.LocalAddr()); err != nil {
						t.Error(err)
					}
				}
			})
			g.Go(func() {
				buf := make([]byte, 10)
				for range each {
					if _, _, err := b.ReadFrom(buf); err != nil {
						t.Error(err)
					}
				}
			})
		}
		g.Wait()
		// Deadlines.
		read := async(t, func() (int, error) {
			n, _, err := b.ReadFrom(make([]byte, 1))
			return n, err
		})
		w.settle()
		if err := b.SetDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		_, err = read()
		wantTimeout(t, err)
		_, err = b.WriteTo([]byte("x"), a.LocalAddr())
		wantTimeout(t, err)
		if err := b.SetWriteDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err = b.WriteTo([]byte("x"), a.LocalAddr()); err != nil {
			t.Error(err)
		}
		b.SetReadDeadline(w.ex.Driver().Wall().Add(time.Hour))
		read = async(t, func() (int, error) {
			n, _, err := b.ReadFrom(make([]byte, 1))
			return n, err
		})
		w.settle()
		b.Close()
		_, err = read()
		wantIs(t, err, net.ErrClosed)
		// The end of the view's ctx.
		ctx, cancel := context.WithCancel(w.ctx)
		v := w.packet().NetPacketConn(ctx)
		read = async(t, func() (int, error) {
			n, _, err := v.ReadFrom(make([]byte, 1))
			return n, err
		})
		w.settle()
		cancel()
		_, err = read()
		wantIs(t, err, net.ErrClosed, context.Canceled)
	})
}

// A DNS client of package net over a view, in a fiber: what code for package
// net looks like here.
func Example_netPacketConn() {
	err := executor.Run(func(ctx context.Context) error {
		server, err := netio.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer server.Close()
		fiber.Go(ctx, func(ctx context.Context) (struct{}, error) {
			buf := make([]byte, 1500)
			for {
				n, from, err := server.RecvFrom(ctx, buf)
				if err != nil {
					return struct{}{}, err
				}
				if err := server.SendTo(ctx, bytes.ToUpper(buf[:n]), from); err != nil {
					return struct{}{}, err
				}
			}
		})
		client, err := netio.DialPacket(ctx, "udp", server.LocalAddr().String())
		if err != nil {
			return err
		}
		view := client.NetPacketConn(ctx).(net.Conn)
		defer view.Close()
		if _, err := view.Write([]byte("hello, datagrams")); err != nil {
			return err
		}
		buf := make([]byte, 1500)
		n, err := view.Read(buf)
		fmt.Println(string(buf[:n]), err)
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: HELLO, DATAGRAMS <nil>
}
