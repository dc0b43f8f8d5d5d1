package netio

import (
	"context"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
)

// PollAccept returns the next connection, or rouse.Pending. After an error
// other than [ErrClosed] the listener is as good as before; when descriptors
// have run out (EMFILE) calling again at once finds the same, so wait a little.
// A task that stops waiting before PollAccept has returned a result, other than
// by its own end, calls [Listener.ForgetAccept]; no connection is lost then.
//
// Only in a task of the listener's executor, by one task at a time.
func (l *Listener) PollAccept(cx *rouse.Context) (*Conn, error) {
	l.home.mustOwn(cx, "a Listener was")
	if l.closed.Load() { // pairs with the Swap in Close
		return nil, l.opError("accept", ErrClosed)
	}
	if _, err := l.acc.poll(cx, l.home.Drv, nil, nil); err != nil {
		if err != rouse.Pending {
			err = l.opError("accept", err)
		}
		return nil, err
	}
	return l.conn(), nil
}

// conn makes a Conn of what was accepted.
func (l *Listener) conn() *Conn {
	c := newConn(l.home, l.args.Handle)
	c.local, c.peer = l.local, l.args.Addr
	name := l.args.Path
	l.args.Handle, l.args.Addr, l.args.Path = 0, netip.AddrPort{}, ""
	if l.home.network == "unix" {
		if name != "" { // few clients bind
			own := *l.home
			own.peer = name
			c.home = &own
		}
		return c
	}
	if l.eachConn {
		_ = l.home.setKeepAlive(c.rd.op.Handle, l.keepAlive) // as in package net, no reason to refuse it
	}
	if l.local.Addr().IsUnspecified() { // which of our addresses did he call?
		if known := l.home.query(c.rd.op.Handle); known.Local.IsValid() {
			c.local = known.Local
		}
	}
	return c
}

// ForgetAccept says that the task which got Pending from PollAccept has stopped
// waiting: another task may accept. At home only.
func (l *Listener) ForgetAccept() { l.acc.forget() }

// Accept waits for the next connection: in a fiber it suspends the fiber,
// elsewhere it blocks the goroutine. If ctx ends first it returns ctx.Err(),
// and the connection that comes then is for the next Accept. Several fibers and
// goroutines may wait at the same time; they are served in order.
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	c, err := rouse.AwaitOn[*Conn](ctx, l.home.Ex, &acceptance{l: l})
	if shutDown(err) {
		err = &net.OpError{Op: "accept", Net: l.home.network, Addr: l.Addr(), Err: endedError{err}}
	}
	return c, err
}

// acceptance is the future of Accept.
type acceptance struct {
	l     *Listener
	place place
	began bool
}

func (a *acceptance) Poll(cx *rouse.Context) (*Conn, error) {
	if !a.l.waiting.mine(cx, &a.place) && !a.l.closed.Load() {
		return nil, rouse.Pending
	}
	c, err := a.l.PollAccept(cx)
	if a.began = err == rouse.Pending; !a.began {
		a.l.waiting.leave(&a.place)
	}
	return c, err
}

// Drop gives up waiting.
func (a *acceptance) Drop() {
	if a.began {
		a.l.ForgetAccept()
	}
	a.l.waiting.leave(&a.place)
}
