package netio

import (
	"context"
	"net"

	"github.com/rouse-go/rouse"
)

// DialPacket opens a datagram socket that is connected to address with the
// default [Dialer], from the executor that ctx carries. See
// [Dialer.DialPacket].
func DialPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	return Dialer{}.DialPacket(ctx, network, address)
}

// NewDialPacket returns a future of a connected datagram socket, made with the
// default [Dialer]. See [Dialer.DialPacket].
func NewDialPacket(network, address string) *PacketDialing {
	return Dialer{}.NewDialPacket(network, address)
}

// DialPacket opens a datagram socket that is connected to address, for the
// networks udp, udp4 and udp6. The host is what it is for [Dialer.Dial]; of the
// IPs of a name it takes the first that the system has a way to. That somebody
// is there, nobody asks: a later operation may tell that nobody is.
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the work is done there.
func (d Dialer) DialPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	ex, err := executorFor(ctx, d.Executor, "Dialer")
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	c, err := rouse.AwaitOn[*PacketConn](ctx, ex, d.NewDialPacket(network, address))
	if shutDown(err) {
		err = &net.OpError{Op: "dial", Net: network, Err: endedError{err}}
	}
	return c, err
}

// NewDialPacket returns a future of the socket, which belongs to the executor
// that polls it; that must be d.Executor if that is set.
func (d Dialer) NewDialPacket(network, address string) *PacketDialing {
	return &PacketDialing{dialer: d, network: network, address: address}
}

// A PacketDialing is a connected datagram socket to come: a
// rouse.Future[*PacketConn] that is polled by one executor. It waits for the
// resolver only.
type PacketDialing struct {
	dialer           Dialer
	network, address string

	home  *home // nil before the first poll
	where destination
	over  bool
}

// Poll returns the socket, or why there is none.
func (d *PacketDialing) Poll(cx *rouse.Context) (*PacketConn, error) {
	if d.over {
		panic("rouse: *netio.PacketDialing polled after its result; make another with NewDialPacket")
	}
	if d.home == nil {
		h, err := d.dialer.start(cx, &d.where, "udp", d.network, d.address)
		if err != nil {
			return d.fail(err)
		}
		d.home = h
	}
	d.home.mustOwn(cx, "a PacketDialing was")
	ends, err := d.where.poll(cx)
	if err == rouse.Pending {
		return nil, err
	}
	if err != nil {
		return d.fail(err)
	}
	d.over = true
	var lost []error
	for _, end := range ends {
		c, err := d.home.openPacket(d.where.from, end.addr, false)
		if err == nil {
			return c, nil
		}
		lost = append(lost, &net.OpError{Op: "dial", Net: d.network, Addr: end.netAddr(d.network), Err: reason(err)})
	}
	return nil, joinFailures(d.network, lost)
}

func (d *PacketDialing) fail(err error) (*PacketConn, error) {
	d.over = true
	return nil, &net.OpError{Op: "dial", Net: d.network, Err: reason(err)}
}

// Drop gives up waiting for the resolver.
func (d *PacketDialing) Drop() {
	if d.home != nil && !d.over {
		d.where.drop()
	}
	d.over = true
}
