package netio

import (
	"context"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/owner"
)

// A Message is one datagram: Buf is what to send or where to receive, Addr
// whom to send to or who sent, N how many bytes were received, and Truncated
// says that the datagram was longer than Buf and its rest is lost.
type Message = driver.Message

// A PacketConn is a datagram socket, UDP, that belongs to one executor. It
// comes from [ListenPacket], or from [DialPacket], which connects it: then it
// hears its peer only, and messages to send need no address.
//
// As with [Conn], the poll forms are for tasks of that executor and the forms
// with a ctx for everybody; one task may receive while another one sends; and
// [PacketConn.NetPacketConn] is for code that does more at the same time. Many
// datagrams at once cost one system call where the driver can (epoll: 64).
//
// Datagrams get lost, come twice, and overtake each other; none comes in part
// unless it is [Message].Truncated. A socket may send to broadcast addresses.
// A PacketConn must be closed: there is no finalizer.
type PacketConn struct {
	rd, wr         side
	rdArgs, wrArgs driver.Args
	rdOne, wrOne   [1]Message // of the forms for one datagram; empty between calls
	home           *home
	local, peer    netip.AddrPort
	closed         atomics.Bool // no operation begins any more; at home CloseHandle follows
}

// ListenPacket opens a datagram socket at address with the default
// [ListenConfig], at the executor that ctx carries. See
// [ListenConfig.ListenPacket].
func ListenPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	return ListenConfig{}.ListenPacket(ctx, network, address)
}

// PollListenPacket is [ListenPacket] for a task: the socket belongs to the
// executor that polls.
func PollListenPacket(cx *rouse.Context, network, address string) (*PacketConn, error) {
	return ListenConfig{}.PollListenPacket(cx, network, address)
}

// ListenPacket opens a datagram socket at address, host:port, for the networks
// udp, udp4 and udp6. The host is an IP, localhost or empty, which means every
// address of this machine; port 0 means a free one, see
// [PacketConn.LocalAddr]. Of lc it looks at Executor and ReusePort.
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the work is done there.
func (lc ListenConfig) ListenPacket(ctx context.Context, network, address string) (*PacketConn, error) {
	ex, err := executorFor(ctx, lc.Executor, "ListenConfig")
	if err == nil {
		opening := rouse.FutureFunc[*PacketConn](func(cx *rouse.Context) (*PacketConn, error) {
			return lc.PollListenPacket(cx, network, address)
		})
		c, err := rouse.AwaitOn(ctx, ex, rouse.Future[*PacketConn](opening))
		if shutDown(err) {
			err = &net.OpError{Op: "listen", Net: network, Err: endedError{err}}
		}
		return c, err
	}
	return nil, &net.OpError{Op: "listen", Net: network, Err: err}
}

// PollListenPacket is ListenPacket for a task. It never returns rouse.Pending.
func (lc ListenConfig) PollListenPacket(cx *rouse.Context, network, address string) (*PacketConn, error) {
	h := here(cx, network)
	end, err := parseLocal("udp", network, address)
	if err == nil {
		var c *PacketConn
		if c, err = h.openPacket(end.addr, netip.AddrPort{}, lc.ReusePort); err == nil {
			return c, nil
		}
	}
	return nil, &net.OpError{Op: "listen", Net: network, Err: reason(err)}
}

// openPacket opens a socket; peer is zero for one that is not connected.
func (h *home) openPacket(local, peer netip.AddrPort, reusePort bool) (*PacketConn, error) {
	r := owner.NewRequest(driver.ListenPacket, 0)
	defer r.Free()
	r.Args = driver.Args{Network: h.network, Addr: local, Peer: peer, ReusePort: reusePort}
	if err := r.Submit(h.Drv); err != nil {
		return nil, err
	}
	c := &PacketConn{home: h, peer: peer}
	c.rd.op.Code, c.rd.op.Handle, c.rd.op.Args = driver.RecvMsgs, r.Op.Handle, &c.rdArgs
	c.wr.op.Code, c.wr.op.Handle, c.wr.op.Args = driver.SendMsgs, r.Op.Handle, &c.wrArgs
	c.local = h.query(r.Op.Handle).Local
	return c, nil
}

// LocalAddr returns our address, a *net.UDPAddr. From any goroutine, also after
// Close. It allocates; [PacketConn.LocalAddrPort] does not.
func (c *PacketConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// LocalAddrPort is LocalAddr without an allocation.
func (c *PacketConn) LocalAddrPort() netip.AddrPort { return c.local }

// RemoteAddr returns the peer of a connected socket, a *net.UDPAddr, or nil.
func (c *PacketConn) RemoteAddr() net.Addr {
	if !c.peer.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(c.peer)
}

// Executor returns the executor that the socket belongs to.
func (c *PacketConn) Executor() rouse.Executor { return c.home.Ex }

// Close closes the socket. Like [Conn.Close] it may be called from any
// goroutine, any number of times, and whoever waits gets [ErrClosed].
func (c *PacketConn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	on := c.rd.op.Handle
	_ = c.home.Do(func() { _ = c.home.CloseHandle(on) }) // an error says that the driver is closed
	return nil
}

// SetReadBuffer sets the size of the kernel's receive buffer in bytes: what
// comes while it is full is lost. See [Conn.SetNoDelay] for who may call it.
func (c *PacketConn) SetReadBuffer(bytes int) error { return c.set(driver.RecvBuffer, bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer in bytes. See
// [Conn.SetNoDelay] for who may call it.
func (c *PacketConn) SetWriteBuffer(bytes int) error { return c.set(driver.SendBuffer, bytes) }

func (c *PacketConn) set(option driver.Option, value int) error {
	if c.closed.Load() {
		return c.opError("set", ErrClosed)
	}
	on := c.rd.op.Handle
	if err := c.home.tell(func() error { return c.home.setOption(on, option, value) }); err != nil {
		return c.opError("set", err)
	}
	return nil
}

// opError is the error of operation op on c.
func (c *PacketConn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: c.home.network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: reason(err)}
}
