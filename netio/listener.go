package netio

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/owner"
)

// A Listener waits for connections. It and the connections that it accepts
// belong to one executor, see [Conn]. It must be closed.
type Listener struct {
	acc       side
	args      driver.Args // of acc
	home      *home
	local     netip.AddrPort
	keepAlive time.Duration
	eachConn  bool // connections do not inherit the keep-alive from the listener
	waiting   line // of the callers of Accept
	closed    atomics.Bool
}

// Listen listens at address with the default [ListenConfig], at the executor
// that ctx carries. See [ListenConfig.Listen].
func Listen(ctx context.Context, network, address string) (*Listener, error) {
	return ListenConfig{}.Listen(ctx, network, address)
}

// PollListen is [Listen] for a task: the listener belongs to the executor that
// polls.
func PollListen(cx *rouse.Context, network, address string) (*Listener, error) {
	return ListenConfig{}.PollListen(cx, network, address)
}

// Listen listens at address, which is host:port for the networks tcp, tcp4 and
// tcp6, and a path, or on linux @name, for unix. The host is an IP, localhost
// or empty, which means every address of this machine; port 0 means a free one,
// see [Listener.Addr]. A socket file must not exist yet; Close removes it.
//
// It may be called from any goroutine but that of a running executor. The
// executor has to be running: the work is done there.
func (lc ListenConfig) Listen(ctx context.Context, network, address string) (*Listener, error) {
	ex, err := executorFor(ctx, lc.Executor, "ListenConfig")
	if err == nil {
		listening := rouse.FutureFunc[*Listener](func(cx *rouse.Context) (*Listener, error) {
			return lc.PollListen(cx, network, address)
		})
		l, err := rouse.AwaitOn(ctx, ex, rouse.Future[*Listener](listening))
		if shutDown(err) {
			err = &net.OpError{Op: "listen", Net: network, Err: endedError{err}}
		}
		return l, err
	}
	return nil, &net.OpError{Op: "listen", Net: network, Err: err}
}

// PollListen is Listen for a task. It never returns rouse.Pending.
func (lc ListenConfig) PollListen(cx *rouse.Context, network, address string) (*Listener, error) {
	h := here(cx, network)
	fail := func(err error) (*Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Err: reason(err)}
	}
	end, err := parse(network, address)
	if err != nil {
		return fail(err)
	}
	if lc.Backlog < 0 {
		return fail(errors.New("rouse: netio: ListenConfig.Backlog is negative; use 0 for what the system allows"))
	}
	r := owner.NewRequest(driver.Listen, 0)
	defer r.Free()
	r.Args = driver.Args{Network: network, Addr: end.addr, Path: end.path, Backlog: lc.Backlog, ReusePort: lc.ReusePort}
	if err := r.Submit(h.Drv); err != nil {
		return fail(err)
	}
	l := &Listener{home: h, keepAlive: lc.KeepAlive}
	l.acc.op.Code, l.acc.op.Handle, l.acc.op.Args = driver.Accept, r.Op.Handle, &l.args
	known := h.query(r.Op.Handle)
	l.local, h.local = known.Local, end.path
	if network != "unix" {
		l.eachConn = h.setKeepAlive(r.Op.Handle, lc.KeepAlive) != nil
	}
	return l, nil
}

// executorFor is the executor of a ctx form.
func executorFor(ctx context.Context, ex rouse.Executor, config string) (rouse.Executor, error) {
	if ex == nil {
		ex = rouse.ExecutorFrom(ctx)
	}
	if ex == nil {
		return nil, errors.New("rouse: netio: the ctx carries no executor; use that of a fiber, rouse.WithExecutor(ctx, ex), or " + config + ".Executor")
	}
	return ex, nil
}

// Addr returns the address that l listens at: a *net.TCPAddr or *net.UnixAddr.
// From any goroutine, also after Close.
func (l *Listener) Addr() net.Addr {
	return endpoint{l.local, l.home.local}.netAddr(l.home.network)
}

// Executor returns the executor that the listener belongs to.
func (l *Listener) Executor() rouse.Executor { return l.home.Ex }

// Close stops listening. Like [Conn.Close] it may be called from any goroutine,
// any number of times; waiting Accepts fail with [ErrClosed]. Connections that
// were accepted stay open.
func (l *Listener) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	_ = l.home.Do(func() { // an error says that the driver is closed
		op := &l.acc.op
		if op.Done() && op.Err == nil {
			_ = l.home.CloseHandle(l.args.Handle) // accepted, but nobody came for it
		}
		_ = l.home.CloseHandle(op.Handle)
	})
	return nil
}
