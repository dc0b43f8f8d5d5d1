package main

import (
	"context"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/netio"
)

// A correspondence is a socket of a task, and what was sent from there. It is
// always in a hurry, since datagrams get lost.
type correspondence struct {
	s       *script
	echo    netip.AddrPort
	dials   bool // its socket is connected
	dialing *netio.PacketDialing
	conn    *netio.PacketConn
	port    uint16          // of conn
	out     []netio.Message // still to be sent
	in      [3]netio.Message
	first   int          // the number of its first datagram
	open    map[int]bool // the numbers that have not come back
	tries   resolve
}

func (s *script) correspond() *correspondence {
	return &correspondence{s: s, echo: one(s.rng, s.w.r.sites).echo, dials: s.rng.IntN(2) == 0,
		first: s.letters, open: map[int]bool{}, tries: 3}
}

// write makes some datagrams; conn is there.
func (c *correspondence) write() {
	rng := c.s.rng
	c.port = c.conn.LocalAddrPort().Port()
	for range 1 + rng.IntN(maxInFlight) {
		n := c.s.letters
		c.s.letters++
		c.open[n] = true
		c.out = append(c.out, netio.Message{Buf: c.s.w.r.newDatagram(c.port, c.s.w.id, n, rng.IntN(1+maxDatagram>>rng.IntN(8))), Addr: c.echo})
	}
	for i := range c.in {
		c.in[i].Buf = make([]byte, headLen+maxDatagram>>rng.IntN(4)) // what does not fit is cut off
	}
}

// datagrams sends some to an echo and waits for all to come back.
func (s *script) datagrams() rouse.Future[int] { return s.hurried(s.correspond()) }

func (c *correspondence) Poll(cx *rouse.Context) (int, error) {
	for {
		err := c.step(cx)
		switch {
		case err == rouse.Pending:
			return 0, err
		case err == nil && c.over():
			return 0, c.conn.Close()
		case err != nil:
			if goOn, err := c.s.w.r.trouble(&c.tries, err); !goOn {
				c.Drop()
				return 0, err
			}
		}
	}
}

// step does what is next.
func (c *correspondence) step(cx *rouse.Context) (err error) {
	n := 0
	switch {
	case c.conn == nil && !c.dials:
		c.conn, err = netio.PollListenPacket(cx, "udp", "127.0.0.1:0")
		return c.begin("listen udp", err)
	case c.conn == nil:
		if c.dialing == nil {
			c.dialing = netio.NewDialPacket("udp", c.echo.String())
		}
		if c.conn, err = c.dialing.Poll(cx); err != rouse.Pending {
			c.dialing = nil
		}
		return c.begin("dial udp", err)
	case len(c.out) > 0:
		n, err = c.conn.PollSendMsgs(cx, c.out)
		c.out = c.out[n:]
		return c.s.w.r.of("write udp", err)
	}
	n, err = c.conn.PollRecvMsgs(cx, c.in[:])
	return c.came(c.in[:n], err)
}

// begin writes the datagrams when the socket is there.
func (c *correspondence) begin(operation string, err error) error {
	if err == nil {
		c.write()
	}
	return c.s.w.r.of(operation, err)
}

// over reports whether everything has come back.
func (c *correspondence) over() bool { return len(c.out) == 0 && len(c.open) == 0 }

func (c *correspondence) Drop() {
	if c.dialing != nil {
		c.dialing.Drop()
	}
	if c.conn != nil {
		c.conn.ForgetSend()
		c.conn.ForgetRecv()
		c.conn.Close()
	}
}

func (s *script) datagramsBody(ctx context.Context) error {
	ctx, cancel := s.hurry(ctx)
	defer cancel()
	c := s.correspond()
	defer func() {
		if c.conn != nil {
			c.conn.Close()
		}
	}()
	for c.conn == nil || !c.over() {
		if err := c.stride(ctx); err != nil {
			if goOn, err := s.w.r.trouble(&c.tries, err); !goOn {
				return err
			}
		}
	}
	return nil
}

// stride is step in direct style.
func (c *correspondence) stride(ctx context.Context) (err error) {
	n := 0
	switch {
	case c.conn == nil && !c.dials:
		c.conn, err = netio.ListenPacket(ctx, "udp", "127.0.0.1:0")
		return c.begin("listen udp", err)
	case c.conn == nil:
		c.conn, err = netio.DialPacket(ctx, "udp", c.echo.String())
		return c.begin("dial udp", err)
	case len(c.out) > 0:
		n, err = c.conn.SendMsgs(ctx, c.out)
		c.out = c.out[n:]
		return c.s.w.r.of("write udp", err)
	}
	n, err = c.conn.RecvMsgs(ctx, c.in[:])
	return c.came(c.in[:n], err)
}
