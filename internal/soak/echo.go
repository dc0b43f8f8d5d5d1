package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/netio"
)

// chunk is how much a client sends before it reads: less than what fits on the
// way, or both ends would wait for each other.
const chunk = 12 << 10

// echo dials the server of some executor, sends chunks, and has each back as it
// was.
func (s *script) echo() rouse.Future[int] {
	return s.hurriedAtTimes(&echoClient{s: s, dial: netio.NewDial("tcp", one(s.rng, s.w.r.sites).addr), chunks: 1 + s.rng.IntN(3),
		rng: rand.New(rand.NewPCG(s.rng.Uint64(), s.rng.Uint64())), tries: 3})
}

type echoClient struct {
	s      *script
	rng    *rand.Rand
	dial   *netio.Dialing
	conn   *netio.Conn
	chunks int
	sent   []byte
	rest   []byte
	back   []byte
	tries  resolve
}

func (c *echoClient) Poll(cx *rouse.Context) (int, error) {
	for {
		err := c.step(cx)
		switch {
		case err == rouse.Pending:
			return 0, err
		case err == nil && c.sent == nil && c.chunks == 0:
			return 0, c.conn.Close()
		case err != nil && c.conn == nil: // a dial has one result
			return 0, c.s.w.r.complaint(err)
		case err != nil:
			if goOn, err := c.s.w.r.trouble(&c.tries, err); !goOn {
				c.conn.Close()
				return 0, err
			}
		}
	}
}

// step does what is next.
func (c *echoClient) step(cx *rouse.Context) (err error) {
	switch {
	case c.conn == nil:
		if c.conn, err = c.dial.Poll(cx); err == nil {
			c.s.w.tally.Conns++
		}
		return c.s.w.r.of("dial tcp", err)
	case c.sent == nil:
		c.chunks--
		c.sent = randomBytes(c.rng, 1+c.rng.IntN(chunk))
		c.rest = c.sent
		c.back = make([]byte, 0, len(c.sent))
		return nil
	case len(c.rest) > 0:
		return c.s.w.r.of("write tcp", c.conn.PollWriteAll(cx, &c.rest))
	}
	n, err := c.conn.PollRead(cx, c.back[len(c.back):cap(c.back)])
	c.back = c.back[:len(c.back)+n]
	if !bytes.HasPrefix(c.sent, c.back) {
		return fmt.Errorf("%d bytes came back and are not those that were sent", len(c.back))
	}
	if len(c.back) == len(c.sent) {
		c.s.w.tally.Bytes += len(c.sent)
		c.sent = nil
	}
	return c.s.early(c.s.w.r.of("read tcp", err))
}

// early turns the end of what a server sends into an error, unless it had
// reason to end.
func (s *script) early(err error) error {
	if err == io.EOF && s.w.r.plan.faults.Fail > 0 {
		return errDeclined
	}
	return err
}

func (c *echoClient) Drop() {
	if c.conn == nil {
		c.dial.Drop()
		return
	}
	c.conn.ForgetRead()
	c.conn.ForgetWrite()
	c.conn.Close()
}

// echoBody is echo in direct style.
func (s *script) echoBody(ctx context.Context) error {
	if s.rng.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = s.hurry(ctx)
		defer cancel()
	}
	conn, err := netio.Dial(ctx, "tcp", one(s.rng, s.w.r.sites).addr)
	if err != nil {
		return s.w.r.complaint(s.w.r.of("dial tcp", err))
	}
	defer conn.Close()
	s.w.tally.Conns++
	return s.talk(ctx, conn)
}

func (s *script) talk(ctx context.Context, conn *netio.Conn) error {
	tries := resolve(3)
	for range 1 + s.rng.IntN(3) {
		sent := randomBytes(s.rng, 1+s.rng.IntN(chunk))
		for rest := sent; len(rest) > 0; {
			n, err := conn.Write(ctx, rest)
			rest = rest[n:]
			if err != nil {
				if goOn, err := s.w.r.trouble(&tries, s.w.r.of("write tcp", err)); !goOn {
					return err
				}
			}
		}
		back := make([]byte, len(sent))
		for n := 0; n < len(back); {
			k, err := conn.Read(ctx, back[n:])
			if n += k; !bytes.HasPrefix(sent, back[:n]) {
				return fmt.Errorf("%d bytes came back and are not those that were sent", n)
			}
			if err != nil {
				if goOn, err := s.w.r.trouble(&tries, s.early(s.w.r.of("read tcp", err))); !goOn {
					return err
				}
			}
		}
		s.w.tally.Bytes += len(sent)
	}
	return nil
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		v := rng.Uint64()
		for k := i; k < min(i+8, n); k++ {
			b[k] = byte(v)
			v >>= 8
		}
	}
	return b
}
