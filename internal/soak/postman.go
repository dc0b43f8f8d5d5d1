package main

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
)

// A letter brings an errand to another site, or back when it is done.
type letter struct {
	errand *errand
	back   bool
}

// A postman receives the letters of a site: he sends errands back to where they
// came from, and there they are done. He sends and receives at the same time, so
// that two of them never wait for each other.
type postman struct {
	port *channel.Port[letter]
	out  [][]letter // by peer
}

func (p *postman) Poll(cx *rouse.Context) (int, error) {
	for {
		for to := range p.out {
			for len(p.out[to]) > 0 {
				err := p.port.PollSend(cx, to, p.out[to][0])
				if err == rouse.Pending {
					break
				}
				p.out[to] = p.out[to][1:] // or that peer has ended
			}
		}
		l, from, err := p.port.PollRecv(cx)
		switch {
		case err == channel.ErrClosed:
			return 0, nil
		case err != nil:
			return 0, err
		case l.back:
			l.errand.arrive()
		default:
			l.back = true
			p.out[from] = append(p.out[from], l)
		}
	}
}
