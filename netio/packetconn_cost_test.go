package netio_test

import (
	"fmt"
	"testing"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// pong answers each datagram, in batches; ping sends them.
type pong struct {
	c    *netio.PacketConn
	msgs []netio.Message
	bufs [][]byte
	have int
	left int
}

func newPong(c *netio.PacketConn, left int) *pong {
	p := &pong{c: c, msgs: make([]netio.Message, 8), bufs: make([][]byte, 8), left: left}
	for i := range p.bufs {
		p.bufs[i] = make([]byte, 64)
	}
	return p
}

func (p *pong) Poll(cx *rouse.Context) (struct{}, error) {
	for p.left > 0 {
		for p.have == 0 {
			for i := range p.msgs {
				p.msgs[i].Buf = p.bufs[i]
			}
			n, err := p.c.PollRecvMsgs(cx, p.msgs)
			if err != nil {
				return struct{}{}, err
			}
			for i := range p.msgs[:n] {
				p.msgs[i].Buf = p.msgs[i].Buf[:p.msgs[i].N]
			}
			p.have = n
		}
		n, err := p.c.PollSendMsgs(cx, p.msgs[:p.have])
		if err != nil {
			return struct{}{}, err
		}
		if p.have -= n; p.have > 0 {
			copy(p.msgs, p.msgs[n:n+p.have])
		}
		p.left -= n
	}
	return struct{}{}, nil
}

// Datagrams in poll form allocate nothing in steady state, in batches and one
// by one.
func TestDatagramAllocs(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.skipPortable()
		run := func(rounds int) {
			a, b := w.packet(), w.packet()
			h := executor.Spawn[struct{}](w.ex, newPong(b, rounds))
			if err := a.SendTo(w.ctx, []byte("ball"), b.LocalAddrPort()); err != nil {
				t.Fatal(err)
			}
			buf, sent, left := make([]byte, 64), true, rounds
			_, err := task(w, func(cx *rouse.Context) (struct{}, error) {
				for {
					if !sent {
						if err := a.PollSendTo(cx, buf[:4], b.LocalAddrPort()); err != nil {
							return struct{}{}, err
						}
						sent = true
					}
					n, from, err := a.PollRecvFrom(cx, buf)
					if err != nil {
						return struct{}{}, err
					}
					if n != 4 || from != b.LocalAddrPort() {
						return struct{}{}, fmt.Errorf("%d bytes from %v", n, from)
					}
					if left--; left == 0 {
						return struct{}{}, nil
					}
					sent = false
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Join(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		allocatesNothing(t, run)
	})
}
