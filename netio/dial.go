package netio

import (
	"context"
	"net"

	"github.com/rouse-go/rouse"
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
// tcp6, and a path or @name for unix. The host is an IP, or localhost, which is
// 127.0.0.1 (for tcp6 ::1), or empty, which is the same, or a name. If ctx ends
// first, Dial gives up and returns ctx.Err().
//
// A name is resolved with d.Resolver, see [Resolver], and its IPs race as in
// RFC 8305, "happy eyeballs": they are tried in their order, but the two IP
// versions in turn; the next one when one has failed, and also when
// d.FallbackDelay has passed and none has an answer. The first connection wins
// and the others are given up. If all fail, the error has all of theirs in it.
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

	home  *home // nil before the first poll
	where destination
	race  race
	over  bool
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
	if !d.race.begun() {
		ends, err := d.where.poll(cx)
		if err == rouse.Pending {
			return nil, err
		}
		if err != nil {
			return d.fail(err)
		}
		d.race.begin(d.home, d.where.from, ends, d.dialer.FallbackDelay)
	}
	won, err := d.race.poll(cx)
	if err == rouse.Pending {
		return nil, err
	}
	d.over = true
	if err != nil {
		return nil, err
	}
	return d.conn(won), nil
}

func (d *Dialing) start(cx *rouse.Context) error {
	h, err := d.dialer.start(cx, &d.where, "tcp", d.network, d.address)
	d.home = h
	return err
}

// start finds out where to dial to, for streams and datagrams. It returns nil
// if address is bad.
func (d *Dialer) start(cx *rouse.Context, to *destination, protocol, network, address string) (*home, error) {
	if ex := d.Executor; ex != nil && ex != cx.Executor() {
		panic("rouse: netio: a Dialing was polled outside its Dialer.Executor; spawn it there")
	}
	h := here(cx, network)
	end, err := parse(protocol, network, address)
	if err != nil {
		return nil, err
	}
	*to = destination{end: end.target(network), network: network}
	if d.LocalAddress != "" {
		if network == "unix" {
			return nil, &net.AddrError{Err: "Dialer.LocalAddress is not for unix sockets", Addr: d.LocalAddress}
		}
		from, err := parseLocal(protocol, network, d.LocalAddress)
		if err != nil {
			return nil, err
		}
		to.from = from.addr
	}
	if end.name != "" {
		r := d.Resolver
		if r == nil {
			r = &defaultResolver
		}
		to.names = r.NewResolve(ipNetwork(network), end.name)
	}
	return h, nil
}

func (d *Dialing) conn(won *attempt) *Conn {
	h := d.home
	c := newConn(h, won.op.Handle)
	known := h.query(won.op.Handle)
	c.local, h.local = known.Local, known.LocalPath
	if h.network == "unix" {
		h.peer = won.end.path
		return c
	}
	c.peer = won.end.addr
	_ = h.setKeepAlive(won.op.Handle, d.dialer.KeepAlive) // as in package net, no reason to fail
	return c
}

// fail is for what fails before anything was dialled.
func (d *Dialing) fail(err error) (*Conn, error) {
	d.over = true
	return nil, &net.OpError{Op: "dial", Net: d.network, Err: reason(err)}
}

// Drop gives the connection up.
func (d *Dialing) Drop() {
	if d.home != nil && !d.over {
		d.where.drop()
		d.race.drop()
	}
	d.over = true
}
