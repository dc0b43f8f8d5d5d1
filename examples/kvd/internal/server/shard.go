package server

import (
	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/channel"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
)

// A shard is what a Server has more if it is one of several.
type shard struct {
	srv     *Server
	port    *channel.Port[message]
	outbox  [][]message // by shard: what the courier is to send
	waker   rouse.Waker // of the courier
	polled  bool        // it is, and will look at the outbox
	clients *admission
	held    []heldParcel    // whose replies wait for the log
	reached bool            // more is durable, or the log failed
	batches []*engine.Batch // free ones
}

// A message goes from one shard to another. A parcel that is sent belongs to the
// receiver; of the session it only knows whom it sends the parcel back to.
type message struct {
	kind    kind
	parcel  *engine.Parcel
	session *session
	client  uint64
}

type kind uint8

const (
	serve  kind = iota // execute what is in the parcel, and send it back
	served             // here it is
	forget             // see engine.Config.Forget
)

// meshCapacity is how many messages may be on their way from one shard to another;
// what the mesh has no room for stays in the outbox.
const meshCapacity = 1024

// post has the courier send a message, and never waits. The courier's turn comes
// after those of the sessions that were ready with the one that posts, so what they
// all want of a shard goes there together: it is woken once for them, and has them
// all at hand. The outbox is bounded, since a session has one parcel on its way to
// each shard at most, and one client to be forgotten.
func (h *shard) post(to int, m message) {
	h.outbox[to] = append(h.outbox[to], m)
	if !h.polled && !h.waker.IsZero() { // else the courier will look
		h.waker.WakeByRef()
	}
}

// courier is the task that receives what other shards send, does it, and sends
// what is in the outbox.
type courier struct {
	h   *shard
	buf [64]message
}

func (c *courier) Poll(cx *rouse.Context) (struct{}, error) {
	h := c.h
	if !cx.WillWake(h.waker) {
		h.waker.Drop()
		h.waker = cx.Waker()
	}
	h.polled = true
	if h.reached {
		h.reached = false
		h.release()
	}
	err := c.carry(cx)
	h.polled = false
	if err == channel.ErrClosed { // the others have ended
		err = nil
	}
	return struct{}{}, err
}

// carry receives until there is no more. What comes together is answered together.
func (c *courier) carry(cx *rouse.Context) error {
	for {
		n, from, err := c.h.port.PollRecvMany(cx, c.buf[:])
		for i := range c.buf[:n] {
			c.h.do(from, &c.buf[i])
		}
		clear(c.buf[:n])
		for to := range c.h.outbox {
			c.h.empty(cx, to)
		}
		if err != nil {
			return err
		}
	}
}

// empty sends what is in the outbox for a shard. What the mesh has no room for
// stays: the courier will be woken when it has.
func (h *shard) empty(cx *rouse.Context, to int) {
	for len(h.outbox[to]) > 0 {
		n, err := h.port.PollSendMany(cx, to, h.outbox[to])
		if err == channel.ErrClosed { // that shard has ended, as we will
			n = len(h.outbox[to])
		} else if err != nil {
			return
		}
		left := copy(h.outbox[to], h.outbox[to][n:])
		clear(h.outbox[to][left:])
		h.outbox[to] = h.outbox[to][:left]
	}
}

// do does what a message of another shard asks for.
func (h *shard) do(from int, m *message) {
	switch m.kind {
	case serve:
		back := message{kind: served, parcel: m.parcel, session: m.session}
		if h.srv.ending {
			m.parcel.Err = errEnding
			h.post(from, back)
			return
		}
		h.srv.engine.Serve(h.srv.now(), m.parcel)
		h.srv.expiry.look()
		if h.srv.holds() {
			h.held = append(h.held, heldParcel{from, back, h.srv.log.Position()})
			return
		}
		h.post(from, back)
	case served:
		m.session.returned()
	case forget:
		h.srv.engine.Forget(m.client)
	}
}

func (c *courier) Drop() {
	c.h.waker.Drop()
	c.h.waker = rouse.Waker{}
}
