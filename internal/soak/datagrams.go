package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/netio"
)

// A datagram says of itself what it is: where it was sent from, by whom, as which
// one, and so which bytes follow. So each can be judged alone, also one that was
// meant for an earlier owner of the port.
const (
	headLen     = 12
	maxDatagram = 6 << 10
	maxInFlight = 8
)

// newDatagram makes number n of a task.
func newDatagram(port uint16, task, n, size int) []byte {
	b := make([]byte, 0, headLen+size)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = binary.BigEndian.AppendUint32(b, uint32(task))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, randomBytes(rand.New(rand.NewPCG(uint64(task), uint64(n))), size)...)
}

// A correspondence is a socket of a task, and what was sent from there. It is
// always in a hurry, since datagrams get lost.
type correspondence struct {
	s       *script
	echo    netip.AddrPort
	dials   bool // its socket is connected
	dialing *netio.PacketDialing
	conn    *netio.PacketConn
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
	port := c.conn.LocalAddrPort().Port()
	for range 1 + rng.IntN(maxInFlight) {
		n := c.s.letters
		c.s.letters++
		c.open[n] = true
		c.out = append(c.out, netio.Message{Buf: newDatagram(port, c.s.w.id, n, rng.IntN(1+maxDatagram>>rng.IntN(8))), Addr: c.echo})
	}
	for i := range c.in {
		c.in[i].Buf = make([]byte, headLen+maxDatagram>>rng.IntN(4)) // what does not fit is cut off
	}
}

// came judges what has come back, and with which error.
func (c *correspondence) came(ms []netio.Message, err error) error {
	for _, m := range ms {
		if m.Addr != c.echo {
			return fmt.Errorf("a datagram came from %v, who is not %v", m.Addr, c.echo)
		}
		if m.N < headLen {
			return fmt.Errorf("a datagram of %d bytes came, which is shorter than any", m.N)
		}
		b := m.Buf[:m.N]
		port, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		task, n := int(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint32(b[8:]))
		switch cut := headLen+size > len(m.Buf); {
		case m.Truncated != cut:
			return fmt.Errorf("a datagram of %d bytes came into %d, truncated: %v", headLen+size, len(m.Buf), m.Truncated)
		case !cut && m.N != headLen+size || cut && m.N != len(m.Buf):
			return fmt.Errorf("%d bytes came of a datagram of %d, with room for %d", m.N, headLen+size, len(m.Buf))
		case !bytes.Equal(b, newDatagram(port, task, n, size)[:m.N]):
			return fmt.Errorf("a datagram of %d bytes is not what was sent", m.N)
		case port != c.conn.LocalAddrPort().Port():
			return fmt.Errorf("a datagram came to port %d and was sent from %d", c.conn.LocalAddrPort().Port(), port)
		case task != c.s.w.id || n < c.first:
			continue // of an earlier owner of the port
		case !c.open[n]:
			return fmt.Errorf("datagram %d of task %d came twice, or out of nothing", n, task)
		}
		delete(c.open, n)
		c.s.w.tally.Datagrams++
	}
	return err
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
		return c.begin(err)
	case c.conn == nil:
		if c.dialing == nil {
			c.dialing = netio.NewDialPacket("udp", c.echo.String())
		}
		if c.conn, err = c.dialing.Poll(cx); err != rouse.Pending {
			c.dialing = nil
		}
		return c.begin(err)
	case len(c.out) > 0:
		n, err = c.conn.PollSendMsgs(cx, c.out)
		c.out = c.out[n:]
		return err
	}
	n, err = c.conn.PollRecvMsgs(cx, c.in[:])
	return c.came(c.in[:n], err)
}

// begin writes the datagrams when the socket is there.
func (c *correspondence) begin(err error) error {
	if err == nil {
		c.write()
	}
	return err
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
		return c.begin(err)
	case c.conn == nil:
		c.conn, err = netio.DialPacket(ctx, "udp", c.echo.String())
		return c.begin(err)
	case len(c.out) > 0:
		n, err = c.conn.SendMsgs(ctx, c.out)
		c.out = c.out[n:]
		return err
	}
	n, err = c.conn.RecvMsgs(ctx, c.in[:])
	return c.came(c.in[:n], err)
}

// A packetEcho sends back what datagrams come, until its socket is closed, or
// fails for good.
type packetEcho struct {
	r     *round
	conn  *netio.PacketConn
	in    [4]netio.Message
	out   []netio.Message
	tries resolve
}

func (r *round) newPacketEcho(conn *netio.PacketConn) *packetEcho {
	e := &packetEcho{r: r, conn: conn}
	for i := range e.in {
		e.in[i].Buf = make([]byte, headLen+maxDatagram)
	}
	return e
}

func (e *packetEcho) Poll(cx *rouse.Context) (int, error) {
	for {
		n, err := e.conn.PollSendMsgs(cx, e.out)
		if e.out = e.out[n:]; err == nil && len(e.out) == 0 {
			n, err = e.conn.PollRecvMsgs(cx, e.in[:])
			for _, m := range e.in[:n] {
				e.out = append(e.out, netio.Message{Buf: m.Buf[:m.N], Addr: m.Addr})
			}
		}
		switch {
		case err == rouse.Pending:
			return 0, err
		case err == nil:
			e.tries = 8
		case errors.Is(err, netio.ErrClosed):
			return 0, nil
		default:
			if goOn, err := e.r.trouble(&e.tries, err); !goOn {
				return 0, err
			}
		}
	}
}

func (e *packetEcho) Drop() { e.conn.Close() }
