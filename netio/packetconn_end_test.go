package netio_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

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
