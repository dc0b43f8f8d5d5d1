package server

import (
	"slices"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/netio"
)

// A session is the task of one connection. It goes round four steps: send what
// is unsent, answer what was read, read more, wait.
//
// Memory is bounded by one rule: it reads and executes only while nothing is
// unsent. So a client that does not read its replies holds, at most, the rest
// of one batch (the engine stops at OutputSoft plus one reply) and one read's
// worth of requests; the kernel's buffers fill, and then the client's own.
type session struct {
	srv    *Server
	conn   *netio.Conn
	client *engine.Client
	waker  rouse.Waker // for the engine: pushes, CLIENT KILL
	in     []byte      // requests read and not executed: incomplete, or held back
	unsent []byte      // replies

	position uint64        // of the log, that unsent waits for; 0: it doesn't
	batch    *engine.Batch // requests that other shards have a part in, or nil
	away     int           // parcels of it that are not back

	ready bool // in may hold a complete request
}

func (s *session) Poll(cx *rouse.Context) (struct{}, error) {
	if !cx.WillWake(s.waker) {
		s.waker.Drop()
		s.waker = cx.Waker()
	}
	if s.srv.ending {
		defer s.srv.drained.look()
	}
	for {
		if s.client.Overflowed() {
			s.srv.cfg.Log.Warn("kvd: client closed: it does not read what it subscribed to", "id", s.client.ID(), "addr", s.conn.RemoteAddr())
			return s.end()
		}
		if s.client.Killed() {
			return s.end()
		}
		err := s.flush(cx)
		if err == nil && s.batch != nil {
			if err = s.gather(cx); err == nil {
				continue // with what others have published meanwhile
			}
		}
		if s.client.Closing() && err != rouse.Pending {
			return s.end() // that was the last reply
		}
		if err == nil && s.srv.ending {
			err = rouse.Pending // nothing more is executed
		}
		if err == nil {
			if s.ready {
				err = s.execute(cx, nil)
			} else {
				err = s.read(cx)
			}
		}
		if err == rouse.Pending {
			return struct{}{}, err
		} else if err != nil { // the end of the stream, or a reset
			return s.end()
		}
	}
}

// flush sends what is unsent, and then what others have published.
func (s *session) flush(cx *rouse.Context) error {
	if err := s.held(); err != nil {
		return err
	}
	if len(s.unsent) > 0 {
		if err := s.conn.PollWriteAll(cx, &s.unsent); err != nil {
			return err
		}
		s.unsent = nil
	}
	if s.batch != nil {
		return nil // a push must not overtake the reply of SUBSCRIBE
	}
	out := s.client.TakePushes(s.srv.scratch.output())
	if len(out) == 0 {
		return nil
	}
	return s.send(cx, out)
}

// send writes out, which is the shared buffer, in one write if the socket takes
// it, and keeps a copy of the rest. With a log that is behind it keeps all.
func (s *session) send(cx *rouse.Context, out []byte) error {
	if s.srv.holds() {
		s.hold(out)
		return s.flush(cx)
	}
	return s.write(cx, out)
}

// write is send for what no log has to be waited for.
func (s *session) write(cx *rouse.Context, out []byte) error {
	rest := out
	err := s.conn.PollWriteAll(cx, &rest)
	if err == rouse.Pending {
		s.unsent = slices.Clone(rest)
	}
	s.srv.scratch.done(out)
	return err
}

// read waits for requests and executes them.
func (s *session) read(cx *rouse.Context) error {
	if len(s.in) == 0 {
		s.in = nil
		buf := s.srv.scratch.input()
		n, err := s.conn.PollRead(cx, buf)
		if err != nil {
			return err
		}
		return s.execute(cx, buf[:n])
	}
	// The rest of an incomplete request goes right behind its beginning. There
	// is room for as much as has come, and not for all that was announced.
	room := min(s.client.Needed(), len(s.in), 16*readSize)
	if spare := cap(s.in) - len(s.in); spare < room {
		s.in = slices.Grow(s.in, max(room, readSize/16))
	}
	n, err := s.conn.PollRead(cx, s.in[len(s.in):cap(s.in)])
	if err != nil {
		return err
	}
	s.in = s.in[:len(s.in)+n]
	s.ready = true
	return nil
}

// execute feeds the engine with fresh, which is the shared buffer, or else with
// the session's own, and sends the replies: one write for the whole batch.
func (s *session) execute(cx *rouse.Context, fresh []byte) error {
	in := fresh
	if in == nil {
		in = s.in
	}
	if s.srv.shard != nil {
		return s.route(cx, in, fresh != nil)
	}
	n, out, more := s.client.Feed(s.srv.now(), in, s.srv.scratch.output())
	s.ready = more
	if n > 0 || fresh != nil {
		s.keep(in[n:], fresh != nil)
	}
	s.srv.expiry.look()
	if len(out) == 0 {
		if s.srv.overrun() {
			s.hold(nil)
		}
		return nil
	}
	err := s.send(cx, out)
	if err == rouse.Pending {
		err = nil // flush waits
	}
	return err
}

// keep holds on to the input that is not finished with. What is held back stays
// where it is if that is the session's own, since moving it up after every few
// requests would cost more than executing them. The beginning of an incomplete
// request moves, so that it does not keep alive what was large before it.
func (s *session) keep(rest []byte, shared bool) {
	switch {
	case len(rest) == 0:
		s.in = nil
	case s.ready && !shared:
		s.in = rest
	default:
		s.in = slices.Clone(rest)
	}
}

// end closes the connection, last: who sees its end may count on its place being
// free, on every core.
func (s *session) end() (struct{}, error) {
	s.srv.engine.Disconnect(s.client)
	if s.srv.shard != nil && s.srv.sessions[s.client] == s {
		s.srv.shard.clients.leave()
	}
	delete(s.srv.sessions, s.client)
	s.waker.Drop()
	s.conn.Close()
	s.in, s.unsent, s.position, s.batch = nil, nil, 0, nil
	return struct{}{}, nil
}

// Drop ends the session when the executor shuts down.
func (s *session) Drop() { s.end() }
