package server

import (
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
	"github.com/rouse-go/rouse/timer"
)

// backOff is how long the acceptor waits after a failure, such as having run
// out of descriptors: trying again at once would only burn CPU.
const backOff = 100 * time.Millisecond

// acceptor is the task that accepts connections.
type acceptor struct {
	srv   *Server
	pause *timer.Timer // after a failure
}

func (a *acceptor) Poll(cx *rouse.Context) (struct{}, error) {
	for {
		if a.pause != nil {
			if _, err := a.pause.Poll(cx); err != nil {
				return struct{}{}, err
			}
			a.pause = nil
		}
		conn, err := a.srv.listener.PollAccept(cx)
		switch {
		case err == nil:
			a.srv.serve(conn)
		case err == rouse.Pending:
			return struct{}{}, err
		case errors.Is(err, netio.ErrClosed):
			return struct{}{}, nil
		default:
			a.srv.cfg.Log.Warn("kvd: can't accept; trying again", "err", err, "in", backOff)
			a.pause = timer.Sleep(backOff)
		}
	}
}

func (a *acceptor) Drop() {
	if a.pause != nil {
		a.pause.Drop()
	}
	a.srv.listener.Close()
}

// serve starts a session on conn, or refuses it.
func (s *Server) serve(conn *netio.Conn) {
	if !s.admits() {
		executor.SpawnDetached(s.ex, rouse.Future[struct{}](&refusal{conn: conn, rest: []byte("-ERR max number of clients reached\r\n")}))
		return
	}
	client := s.engine.Connect(conn.RemoteAddr().String(), conn.LocalAddr().String())
	session := &session{srv: s, conn: conn, client: client}
	s.sessions[client] = session
	executor.SpawnDetached(s.ex, rouse.Future[struct{}](session), executor.Named("session"))
}

// admits reports whether there may be another client, and counts it.
func (s *Server) admits() bool {
	if s.shard == nil {
		return len(s.sessions) < s.cfg.MaxClients
	}
	return s.shard.clients.enter(s.cfg.MaxClients)
}

// refusal tells a client that there are too many, and hangs up.
type refusal struct {
	conn *netio.Conn
	rest []byte
}

func (r *refusal) Poll(cx *rouse.Context) (struct{}, error) {
	if err := r.conn.PollWriteAll(cx, &r.rest); err == rouse.Pending {
		return struct{}{}, err
	}
	r.conn.Close()
	return struct{}{}, nil
}

func (r *refusal) Drop() { r.conn.Close() }
