package netio

import (
	"context"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// PollRecvMsgs receives the datagrams there are into msgs, at least one, and
// returns how many; or rouse.Pending. It fills in N, Addr and Truncated of
// those, and the front of their Buf. An empty msgs receives nothing.
//
// msgs is used during the call only, so one array serves all tasks of an
// executor. A task that stops waiting before PollRecvMsgs has returned a
// result, other than by its own end, calls [PacketConn.ForgetRecv]; no datagram
// is lost then. An error such as ECONNREFUSED, which tells that nobody was
// where a connected socket sent to, comes once, and the socket is as good as
// before.
//
// Only in a task of the socket's executor. It allocates nothing.
func (c *PacketConn) PollRecvMsgs(cx *rouse.Context, msgs []Message) (int, error) {
	return c.poll(cx, &c.rd, &c.rdArgs, msgs, "read")
}

// PollSendMsgs sends datagrams from the front of msgs, at least one unless msgs
// is empty, and returns how many; or rouse.Pending. Addr says whom to send to,
// but for a connected socket, which does not look at it. msgs is used during
// the call only. An error is about the first of msgs, or of an earlier datagram
// that the network refused; none of msgs went then. As with PollRecvMsgs, a
// task that stops waiting calls [PacketConn.ForgetSend].
//
// Only in a task of the socket's executor. It allocates nothing.
func (c *PacketConn) PollSendMsgs(cx *rouse.Context, msgs []Message) (int, error) {
	return c.poll(cx, &c.wr, &c.wrArgs, msgs, "write")
}

// PollRecvFrom is PollRecvMsgs for one datagram: it returns its length and who
// sent it. What does not fit in buf is lost, and only PollRecvMsgs tells.
func (c *PacketConn) PollRecvFrom(cx *rouse.Context, buf []byte) (int, netip.AddrPort, error) {
	m := &c.rdOne[0]
	m.Buf = buf
	_, err := c.PollRecvMsgs(cx, c.rdOne[:])
	n, from := m.N, m.Addr
	*m = Message{}
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	return n, from, nil
}

// PollSendTo is PollSendMsgs for one datagram; a connected socket does not look
// at to.
func (c *PacketConn) PollSendTo(cx *rouse.Context, buf []byte, to netip.AddrPort) error {
	c.wrOne[0] = Message{Buf: buf, Addr: to}
	_, err := c.PollSendMsgs(cx, c.wrOne[:])
	c.wrOne[0] = Message{}
	return err
}

// ForgetRecv says that the task which got Pending from PollRecvMsgs or
// PollRecvFrom has stopped waiting: another task may receive. At home only.
func (c *PacketConn) ForgetRecv() { c.rd.forget() }

// ForgetSend is [PacketConn.ForgetRecv] for the other direction.
func (c *PacketConn) ForgetSend() { c.wr.forget() }

func (c *PacketConn) poll(cx *rouse.Context, s *side, args *driver.Args, msgs []Message, op string) (int, error) {
	c.home.mustOwn(cx, "a PacketConn was")
	if len(msgs) == 0 {
		return 0, nil
	}
	if c.closed.Load() { // pairs with the Swap in Close
		return 0, c.opError(op, ErrClosed)
	}
	args.Msgs = msgs
	n, err := s.poll(cx, c.home.Drv, nil, nil)
	args.Msgs = nil
	if err != nil {
		if err != rouse.Pending {
			err = c.opError(op, err)
		}
		return 0, err
	}
	return n, nil
}

// RecvMsgs receives the datagrams there are into msgs, at least one, and
// returns how many. It waits: in a fiber it suspends the fiber, elsewhere it
// blocks the goroutine. If ctx ends first it returns ctx.Err(): no datagram is
// lost, and nobody touches msgs any more.
func (c *PacketConn) RecvMsgs(ctx context.Context, msgs []Message) (int, error) {
	return c.await(ctx, newExchange(c, false, msgs))
}

// SendMsgs sends all of msgs, waiting as RecvMsgs does. With an error it
// returns how many went before; the error is about the next one, or of an
// earlier one that the network refused.
func (c *PacketConn) SendMsgs(ctx context.Context, msgs []Message) (int, error) {
	return c.await(ctx, newExchange(c, true, msgs))
}

// RecvFrom waits for one datagram as RecvMsgs does, and returns its length and
// who sent it. What does not fit in buf is lost.
func (c *PacketConn) RecvFrom(ctx context.Context, buf []byte) (int, netip.AddrPort, error) {
	t := newExchange(c, false, nil)
	return c.recvFrom(ctx, t, buf)
}

func (c *PacketConn) recvFrom(ctx context.Context, t *exchange, buf []byte) (int, netip.AddrPort, error) {
	t.one[0].Buf = buf
	t.msgs = t.one[:]
	n, err := rouse.AwaitOn[int](ctx, c.home.Ex, t)
	if !t.settled { // its polls are over, see AwaitOn
		return 0, netip.AddrPort{}, c.ended("read", err)
	}
	m := t.one[0]
	t.free()
	if n == 0 {
		return 0, netip.AddrPort{}, err
	}
	return m.N, m.Addr, err
}

// SendTo sends buf as one datagram, waiting as RecvMsgs does. A connected
// socket does not look at to.
func (c *PacketConn) SendTo(ctx context.Context, buf []byte, to netip.AddrPort) error {
	t := newExchange(c, true, nil)
	return c.sendTo(ctx, t, buf, to)
}

func (c *PacketConn) sendTo(ctx context.Context, t *exchange, buf []byte, to netip.AddrPort) error {
	t.one[0] = Message{Buf: buf, Addr: to}
	t.msgs = t.one[:]
	_, err := c.await(ctx, t)
	return err
}

// await is the ctx form of an exchange: it returns the number of datagrams that
// went, also with an error. It gives t up.
func (c *PacketConn) await(ctx context.Context, t *exchange) (int, error) {
	op := t.op()
	n, err := rouse.AwaitOn[int](ctx, c.home.Ex, t)
	if !t.settled { // its polls are over, see AwaitOn
		return t.n, c.ended(op, err) // somebody may still refer to t
	}
	t.free()
	return n, err
}

// ended is the error of an await that did not come to its result.
func (c *PacketConn) ended(op string, err error) error {
	if shutDown(err) {
		return &net.OpError{Op: op, Net: c.home.network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: endedError{err}}
	}
	return err
}
