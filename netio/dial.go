package netio

import (
	"context"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// Dial connects to address with the default [Dialer], from the executor that
// ctx carries. See [Dialer.Dial].
func Dial(ctx context.Context, network, address string) (*Conn, error) {
	return Dialer{}.Dial(ctx, network, address)
}

// NewDial returns a future of the connection to address, made with the default
// [Dialer]. See [Dialer.NewDial].
func NewDial(network, address string) *Dialing { return Dialer{}.NewDial(network, address) }

// Dial connects to address, which is host:port for the networks tcp, tcp4 and
// tcp6, and a path or @name for unix. The host is an IP or localhost, which is
// 127.0.0.1 (for tcp6 ::1), or empty, which is the same. Names are not resolved
// yet. If ctx ends first, Dial gives up and returns ctx.Err().
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the work is done there.
func (d Dialer) Dial(ctx context.Context, network, address string) (*Conn, error) {
	ex, err := executorFor(ctx, d.Executor, "Dialer")
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	c, err := rouse.AwaitOn[*Conn](ctx, ex, d.NewDial(network, address))
	if shutDown(err) {
		err = &net.OpError{Op: "dial", Net: network, Err: endedError{err}}
	}
	return c, err
}

// NewDial returns a future of the connection. The connection belongs to the
// executor that polls the future, which must be d.Executor if that is set.
func (d Dialer) NewDial(network, address string) *Dialing {
	return &Dialing{dialer: d, network: network, address: address}
}

// A Dialing is a connection on its way: a rouse.Future[*Conn] that is polled by
// one executor. Dropping it closes what there is of the connection.
type Dialing struct {
	dialer           Dialer
	network, address string

	home *home // nil before the first poll
	end  endpoint
	op   driver.Op
	args driver.Args
	over bool
}

// Poll returns the connection, or why there is none.
func (d *Dialing) Poll(cx *rouse.Context) (*Conn, error) {
	if d.over {
		panic("rouse: *netio.Dialing polled after its result; make another with NewDial")
	}
	if d.home == nil {
		if err := d.start(cx); err != nil {
			return d.fail(err)
		}
	}
	d.home.mustOwn(cx, "a Dialing was")
	spent := !d.op.InFlight()
	if spent && !cx.Spend() {
		return nil, rouse.Pending
	}
	if !d.op.Poll(cx, d.home.Drv) {
		if spent {
			cx.Refund()
		}
		return nil, rouse.Pending
	}
	if d.op.Err != nil {
		return d.fail(d.op.Err)
	}
	d.over = true
	return d.conn(), nil
}

func (d *Dialing) start(cx *rouse.Context) error {
	if ex := d.dialer.Executor; ex != nil && ex != cx.Executor() {
		panic("rouse: netio: a Dialing was polled outside its Dialer.Executor; spawn it there")
	}
	h := here(cx, d.network)
	end, err := parse(d.network, d.address)
	if err != nil {
		return err
	}
	end = end.target(d.network)
	var from endpoint
	if d.dialer.LocalAddress != "" {
		if d.network == "unix" {
			return &net.AddrError{Err: "Dialer.LocalAddress is for TCP only", Addr: d.dialer.LocalAddress}
		}
		if from, err = parse(d.network, d.dialer.LocalAddress); err != nil {
			return err
		}
	}
	d.home, d.end = h, end
	d.args = driver.Args{Network: d.network, Addr: end.addr, Path: end.path, Local: from.addr}
	d.op.Code, d.op.Args = driver.Connect, &d.args
	return nil
}

func (d *Dialing) conn() *Conn {
	h := d.home
	c := newConn(h, d.op.Handle)
	known := h.query(d.op.Handle)
	c.local, h.local = known.Local, known.LocalPath
	if h.network == "unix" {
		h.peer = d.end.path
		return c
	}
	c.peer = d.end.addr
	_ = h.setKeepAlive(d.op.Handle, d.dialer.KeepAlive) // as in package net, no reason to fail
	return c
}

func (d *Dialing) fail(err error) (*Conn, error) {
	d.over = true
	op := &net.OpError{Op: "dial", Net: d.network, Err: reason(err)}
	if d.home != nil {
		if d.args.Local != (netip.AddrPort{}) {
			op.Source = endpoint{addr: d.args.Local}.netAddr(d.network)
		}
		op.Addr = d.end.netAddr(d.network)
	}
	return nil, op
}

// Drop gives the connection up.
func (d *Dialing) Drop() {
	switch {
	case d.home == nil || d.over:
	case d.op.Done() && d.op.Err == nil:
		_ = d.home.CloseHandle(d.op.Handle) // nobody will have it
	default:
		d.op.Abandon(d.home.Drv)
	}
	d.over = true
}
