// Package server puts the engine on the network: it accepts connections and
// serves each with one poll task. A Server has one executor thread, and those of a
// Cluster send each other messages, so nothing here is locked; there is no
// goroutine per connection, and a connection at rest owns no buffer.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/examples/kvd/internal/durable"
	"github.com/rouse-go/rouse/examples/kvd/internal/engine"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/netio"
)

// Config says how a Server shall be. The zero value is a good one.
type Config struct {
	Address    string // host:port, or a path of a unix socket; 127.0.0.1:6390
	MaxClients int    // more are refused as Redis does; 10000
	Engine     engine.Config
	Data       durable.Config // no Dir: the data is in memory only
	Log        *slog.Logger   // slog.Default()
}

// keepAlive is how long a connection may be silent before the kernel asks
// whether the peer is still there, as in Redis's tcp-keepalive.
const keepAlive = 300 * time.Second

// A Server serves one engine. All its tasks run on one executor.
type Server struct {
	ex       *executor.Local
	cfg      Config
	engine   *engine.Engine
	listener *netio.Listener
	sessions map[*engine.Client]*session // only ever looked up
	scratch  scratch
	expiry   *expiry
	log      *durable.Log // nil: the data is in memory only
	held     []*session   // whose replies wait for the log
	backlog  int          // see overrun
	shard    *shard       // nil: this is the only one
	ending   bool         // nothing is executed any more
	drained  drained
}

// Start listens, reads the data, if there is a directory for it, and spawns the
// server's tasks on ex. Clients that connect meanwhile wait. The end of ctx ends
// the reading. It is for the executor's goroutine, before it runs.
func Start(ctx context.Context, ex *executor.Local, cfg Config) (*Server, error) {
	network, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	lc := netio.ListenConfig{KeepAlive: keepAlive}
	l, err := executor.RunUntil(ex, rouse.FutureFunc[*netio.Listener](func(cx *rouse.Context) (*netio.Listener, error) {
		return lc.PollListen(cx, network, cfg.Address)
	}))
	if err != nil {
		return nil, cfg.cantListen(err)
	}
	s := newServer(ex, cfg, l)
	if cfg.Data.Dir != "" {
		cfg.Data.Log = cfg.Log
		if s.log, err = durable.Open(ctx, ex, s.engine, cfg.Data); err != nil {
			l.Close()
			return nil, err
		}
		s.log.OnReach(s.release)
	}
	s.spawn()
	return s, nil
}

// complete fills in what was left out, and returns the network of the address.
func (cfg *Config) complete() (network string, err error) {
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:6390"
	}
	if cfg.MaxClients == 0 {
		cfg.MaxClients = 10_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	network = "tcp"
	if strings.HasPrefix(cfg.Address, "@") || strings.ContainsAny(cfg.Address, `/\`) {
		network = "unix"
	} else if _, _, err := net.SplitHostPort(cfg.Address); err != nil {
		return "", fmt.Errorf("kvd: can't listen: %w (give host:port, or a path with a slash for a unix socket)", err)
	}
	if cfg.MaxClients < 0 {
		return "", fmt.Errorf("kvd: can't serve at most %d clients (give a positive number)", cfg.MaxClients)
	}
	return network, nil
}

func (cfg *Config) cantListen(err error) error {
	remedy := "choose another address with -addr"
	if info, statErr := os.Stat(cfg.Address); statErr == nil && info.Mode()&os.ModeSocket != 0 {
		remedy = "if nobody serves there any more, remove the file; or " + remedy
	}
	return fmt.Errorf("kvd: can't listen at %s: %w (%s)", cfg.Address, err, remedy)
}

func newServer(ex *executor.Local, cfg Config, l *netio.Listener) *Server {
	s := &Server{ex: ex, cfg: cfg, listener: l, backlog: maxBacklog, sessions: make(map[*engine.Client]*session)}
	if l != nil {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			cfg.Engine.Port = tcp.Port
		}
	}
	cfg.Engine.Wake = s.wake
	cfg.Engine.Memory = memoryInUse
	s.engine = engine.New(cfg.Engine)
	return s
}

// spawn starts the server's tasks.
func (s *Server) spawn() {
	s.expiry = &expiry{srv: s}
	executor.SpawnDetached(s.ex, rouse.Future[struct{}](s.expiry), executor.Named("expiry"))
	if s.listener != nil {
		executor.SpawnDetached(s.ex, rouse.Future[struct{}](&acceptor{srv: s}), executor.Named("accept"))
	}
	if s.shard != nil {
		executor.SpawnDetached(s.ex, rouse.Future[struct{}](&courier{h: s.shard}), executor.Named("courier"))
	}
}

// Addr returns the address that the server listens at.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close stops accepting; the executor's end closes the connections.
func (s *Server) Close() error { return s.listener.Close() }

// Shutdown stops accepting and executing, makes everything durable, and sends
// the replies that waited for that. It is for the executor's goroutine, while it
// does not run. An error means that something was not made durable.
func (s *Server) Shutdown() error {
	s.ending = true
	err := s.listener.Close()
	if s.log != nil {
		err = errors.Join(err, s.log.Close(), s.ex.RunUntilIdle())
	}
	return err
}

// now is unix time in milliseconds, by the executor's driver.
func (s *Server) now() int64 { return s.ex.Driver().Wall().UnixMilli() }

// wake is told by the engine that a client has something new to be done: its
// session looks what that is in its next poll.
func (s *Server) wake(c *engine.Client) {
	if session := s.sessions[c]; session != nil {
		session.waker.WakeByRef()
	}
}
