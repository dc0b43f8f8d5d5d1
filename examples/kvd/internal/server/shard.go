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
	outbox  [][]message // by shard: what the mesh had no room for
	waker   rouse.Waker // of the courier
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

// meshCapacity is how many messages may be on their way from one shard to another
// before the outbox is used.
const meshCapacity = 1024

// post sends a message, and never waits: what the mesh has no room for goes into
// the outbox. That is bounded, since a session has one parcel on its way to each
// shard at most, and one client to be forgotten.
func (h *shard) post(to int, m message) {
	if len(h.outbox[to]) == 0 {
		err := h.port.TrySend(to, m)
		if err == nil || err == channel.ErrClosed { // that shard has ended, as we will
			return
		}
	}
	h.outbox[to] = append(h.outbox[to], m)
	if !h.waker.IsZero() { // else its first poll looks
		h.waker.WakeByRef()
	}
}

// courier is the task that receives what other shards send, does it, and sends
// what had to wait for room.
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
	if h.reached {
		h.reached = false
		h.release()
	}
	for to := range h.outbox {
		if err := h.empty(cx, to); err != nil && err != rouse.Pending && err != channel.ErrClosed {
			return struct{}{}, err
		}
	}
	for {
		n, from, err := h.port.PollRecvMany(cx, c.buf[:])
		if err == channel.ErrClosed { // the others have ended
			return struct{}{}, nil
		} else if err != nil {
			return struct{}{}, err
		}
		for i := range c.buf[:n] {
			h.do(from, &c.buf[i])
		}
		clear(c.buf[:n])
	}
}

// empty sends what is in the outbox for a shard.
func (h *shard) empty(cx *rouse.Context, to int) error {
	for len(h.outbox[to]) > 0 {
		n, err := h.port.PollSendMany(cx, to, h.outbox[to])
		if err == channel.ErrClosed {
			n = len(h.outbox[to])
		} else if err != nil {
			return err
		}
		left := copy(h.outbox[to], h.outbox[to][n:])
		clear(h.outbox[to][left:])
		h.outbox[to] = h.outbox[to][:left]
	}
	return nil
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
