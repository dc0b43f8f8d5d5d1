package netio

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/rouse-go/rouse"
)

// NetConn returns a view of c as a net.Conn, for code that was written for
// package net. ctx stands in for the one that net.Conn's methods don't have:
//
//   - in the fiber that ctx carries, Read and Write suspend the fiber;
//   - on any other goroutine they block the goroutine, while the executor, which
//     must be running, does the work;
//   - on the executor's own goroutine, or in another fiber than ctx's, they
//     would stop every task there, and panic. Give each fiber a view of its own
//     ctx, but use one at a time.
//
// When ctx ends, what waits fails, with an error that is ctx's and net.ErrClosed
// at the same time; the connection itself stays open.
//
// As package net demands, all methods may be called by several goroutines at
// once: reads are served one after the other, and so are writes. Read and write
// through one view at a time, and don't use the forms of Conn meanwhile.
//
// The view also has CloseRead, CloseWrite, SetNoDelay and Unwrap, which returns
// c.
func (c *Conn) NetConn(ctx context.Context) net.Conn {
	return &netConn{Conn: c, ctx: ctx}
}

// netConn hides the methods of Conn that have other parameters in net.Conn, and
// passes on the others.
type netConn struct {
	*Conn
	ctx     context.Context
	in, out lane
}

// Unwrap returns the Conn behind the view.
func (v *netConn) Unwrap() *Conn { return v.Conn }

func (v *netConn) Read(buf []byte) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	return v.transfer(reads, &v.in, buf)
}

func (v *netConn) Write(buf []byte) (int, error) {
	return v.transfer(writes, &v.out, buf)
}

func (v *netConn) transfer(what direction, in *lane, buf []byte) (int, error) {
	t := newTransfer(v.Conn, what, buf)
	t.lane = in
	n, err := v.await(v.ctx, t, what.String())
	return n, v.wrap(what.String(), err)
}

// wrap gives an error of the context the looks of one of package net.
func (v *netConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if wrapped, ok := err.(*net.OpError); ok {
		return wrapped
	}
	return &net.OpError{Op: op, Net: v.home.network, Source: v.LocalAddr(), Addr: v.RemoteAddr(), Err: ended(err)}
}

// ended marks what a context or a fiber ended with; other errors stay.
func ended(err error) error {
	if err == rouse.ErrCanceled || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return endedError{err}
	}
	return err
}

func (v *netConn) Close() error {
	err := v.Conn.Close()
	_ = v.home.Do(func() { v.in.close(v.home); v.out.close(v.home) })
	return err
}

func (v *netConn) SetDeadline(t time.Time) error {
	return v.deadlines(func() { v.in.set(v.home, t); v.out.set(v.home, t) })
}

func (v *netConn) SetReadDeadline(t time.Time) error {
	return v.deadlines(func() { v.in.set(v.home, t) })
}

func (v *netConn) SetWriteDeadline(t time.Time) error {
	return v.deadlines(func() { v.out.set(v.home, t) })
}

func (v *netConn) deadlines(set func()) error {
	if v.closed.Load() {
		return v.opError("set", ErrClosed)
	}
	err := v.home.Do(func() {
		if !v.closed.Load() { // or the alarms would be left behind
			set()
		}
	})
	if err != nil {
		return v.opError("set", err)
	}
	return nil
}

// NetListener returns a view of l as a net.Listener, for code such as
// http.Serve. Accept waits as the methods of [Conn.NetConn] do, and gives each
// connection the same ctx; that does not bind it to the fiber that ctx may
// carry, since who waits is decided by the goroutine that calls. So it is for
// code that serves connections on goroutines. In fibers, use [Listener.Accept],
// and [Conn.NetConn] with each fiber's own ctx.
func (l *Listener) NetListener(ctx context.Context) net.Listener {
	return netListener{l, ctx}
}

type netListener struct {
	*Listener
	ctx context.Context
}

func (v netListener) Accept() (net.Conn, error) {
	c, err := v.Listener.Accept(v.ctx)
	if err == nil {
		return c.NetConn(v.ctx), nil
	}
	if _, ok := err.(*net.OpError); !ok {
		err = &net.OpError{Op: "accept", Net: v.home.network, Addr: v.Addr(), Err: ended(err)}
	}
	return nil, err
}
