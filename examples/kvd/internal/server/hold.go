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
		s.unsent = []byte("-MISCONF can't write the append-only log: " + oneLine(err) + ". Whether this request was done is not known\r\n")
		s.client.Close()
		s.last = true
	}
	return nil
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
}
