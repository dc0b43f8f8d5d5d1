package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// chunk is how much a client sends before it reads: less than what fits on the
// way, or both ends would wait for each other.
const chunk = 12 << 10

// echo dials the server of some executor, sends chunks, and has each back as it
// was.
func (s *script) echo() rouse.Future[int] {
	addr := s.w.r.sites[s.rng.IntN(len(s.w.r.sites))].addr
	return &echoClient{s: s, dial: netio.NewDial("tcp", addr), chunks: 1 + s.rng.IntN(3),
		rng: rand.New(rand.NewPCG(s.rng.Uint64(), s.rng.Uint64()))}
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
}

func (c *echoClient) Poll(cx *rouse.Context) (int, error) {
	for {
		switch {
		case c.conn == nil:
			conn, err := c.dial.Poll(cx)
			if err != nil {
				return 0, c.excuse(err)
			}
			c.conn = conn
			c.s.w.tally.Conns++
		case c.sent == nil:
			if c.chunks == 0 {
				return 0, c.conn.Close()
			}
			c.chunks--
			c.sent = randomBytes(c.rng, 1+c.rng.IntN(chunk))
			c.rest = c.sent
			c.back = make([]byte, 0, len(c.sent))
		case len(c.rest) > 0:
			if err := c.conn.PollWriteAll(cx, &c.rest); err != nil {
				return 0, c.give(err)
			}
		case len(c.back) == len(c.sent):
			if !bytes.Equal(c.back, c.sent) {
				return 0, c.give(fmt.Errorf("%d bytes came back and are not those that were sent", len(c.back)))
			}
			c.s.w.tally.Bytes += len(c.sent)
			c.sent = nil
		default:
			n, err := c.conn.PollRead(cx, c.back[len(c.back):cap(c.back)])
			if err != nil {
				return 0, c.give(err)
			}
			c.back = c.back[:len(c.back)+n]
		}
	}
}

// give closes the connection unless err says to wait.
func (c *echoClient) give(err error) error {
	if err == rouse.Pending {
		return err
	}
	c.conn.Close()
	return c.excuse(err)
}

// excuse forgives what the end of the world does to a client.
func (c *echoClient) excuse(err error) error {
	if err != rouse.Pending && c.s.w.r.ending.Load() {
		return nil
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

// serve accepts connections until the listener is closed.
func (r *round) serve(st *site, l *netio.Listener) rouse.FutureFunc[int] {
	return func(cx *rouse.Context) (int, error) {
		for {
			conn, err := l.PollAccept(cx)
			switch {
			case err == nil:
				executor.SpawnDetached[int](st.ex, &echoServer{conn: conn})
			case errors.Is(err, netio.ErrClosed):
				return 0, nil
			default:
				return 0, err
			}
		}
	}
}

// echoServer sends back what comes.
type echoServer struct {
	conn *netio.Conn
	buf  [4096]byte
	rest []byte
}

func (e *echoServer) Poll(cx *rouse.Context) (int, error) {
	for {
		err := e.conn.PollWriteAll(cx, &e.rest)
		if err == nil {
			var n int
			if n, err = e.conn.PollRead(cx, e.buf[:]); err == nil {
				e.rest = e.buf[:n]
				continue
			}
		}
		if err == rouse.Pending {
			return 0, err
		}
		e.conn.Close()
		return 0, nil // the end, or a reset, which is the client's right
	}
}

func (e *echoServer) Drop() {
	e.conn.ForgetRead()
	e.conn.ForgetWrite()
	e.conn.Close()
}
