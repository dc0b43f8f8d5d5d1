package server

import (
	"slices"

	"github.com/rouse-go/rouse"
)

// Replies wait until the log has on disk what they tell of: the client's own
// writes, and whatever others wrote before, since a read may have seen it. So
// they wait for everything that had been told to the log when they were made. A
// session that waits executes nothing, so its replies stay in order, and the
// writes of its next requests go into the next batch.

// maxBacklog is how many bytes may wait to be written before clients that want no
// replies have to wait, too.
const maxBacklog = 64 << 20

// holds reports whether replies that are made now have to wait.
func (s *Server) holds() bool { return s.log != nil && s.log.Behind() }

// overrun reports whether the log is too far behind.
func (s *Server) overrun() bool { return s.holds() && s.log.Backlog() > s.backlog }

// hold keeps replies, a copy of out, until the log is where it is to be.
func (s *session) hold(out []byte) {
	if len(out) > 0 {
		s.unsent = slices.Clone(out)
		s.srv.scratch.done(out)
	}
	s.position = s.srv.log.Position()
	s.srv.held = append(s.srv.held, s)
}

// held reports with Pending that the replies have to wait still. If the log
// failed they will never be given: whether the writes among them last is not
// known, and the client is told so and left.
func (s *session) held() error {
	if s.position == 0 {
		return nil
	}
	reached, err := s.srv.log.Reached(s.position)
	if !reached && err == nil {
		return rouse.Pending
	}
	s.position = 0
	if err != nil {
		s.lose(err)
	}
	return nil
}

// lose tells the client why its replies will never be given, as its last one.
func (s *session) lose(err error) {
	s.unsent = []byte("-MISCONF can't write the append-only log: " + oneLine(err) + ". Whether this request was done is not known\r\n")
	s.client.Close()
	s.batch = nil // parcels that are away come back to nobody
}

func oneLine(err error) string {
	return string(slices.DeleteFunc([]byte(err.Error()), func(c byte) bool { return c == '\r' || c == '\n' }))
}

// release wakes the sessions whose replies may leave, or never will.
func (s *Server) release() {
	left := s.held[:0]
	for _, session := range s.held {
		if reached, err := s.log.Reached(session.position); reached || err != nil {
			session.waker.WakeByRef()
		} else {
			left = append(left, session)
		}
	}
	clear(s.held[len(left):])
	s.held = left
	if h := s.shard; h != nil && len(h.held) > 0 {
		h.reached = true
		h.waker.WakeByRef()
	}
}

// A heldParcel was executed for another shard, and goes back there when the log
// has on disk what its replies tell of: the shard of the session can't know.
type heldParcel struct {
	to       int
	message  message
	position uint64
}

// release sends back the parcels whose replies may be given, or never will.
func (h *shard) release() {
	left := h.held[:0]
	for _, p := range h.held {
		reached, err := h.srv.log.Reached(p.position)
		if !reached && err == nil {
			left = append(left, p)
			continue
		}
		p.message.parcel.Err = err
		h.post(p.to, p.message)
	}
	clear(h.held[len(left):])
	h.held = left
}
