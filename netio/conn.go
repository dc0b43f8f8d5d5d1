package netio

import (
	"context"
	"net"
	"net/netip"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A Conn is a stream connection, TCP or unix, that belongs to one executor. It
// comes from a [Listener] or from [Dial].
//
// The poll forms (PollRead, PollWrite, …) are for tasks of that executor; a
// poll elsewhere panics. The forms with a ctx may be called from anywhere: in a
// fiber they suspend it, on a goroutine they block that, and in both cases the
// work is done at home. One task may read while another one writes; two readers
// or two writers at the same time are a bug, and panic. [Conn.NetConn] is for
// code that does so.
//
// A Conn must be closed: there is no finalizer.
type Conn struct {
	rd, wr      side
	home        *home
	local, peer netip.AddrPort // tcp
	closed      atomics.Bool   // no operation begins any more; at home CloseHandle follows
}

func newConn(h *home, on driver.Handle) *Conn {
	c := &Conn{home: h}
	c.rd.op.Code, c.rd.op.Handle = driver.Recv, on
	c.wr.op.Code, c.wr.op.Handle = driver.Send, on
	return c
}

// LocalAddr returns our end's address: a *net.TCPAddr or *net.UnixAddr. From
// any goroutine, also after Close. It allocates.
func (c *Conn) LocalAddr() net.Addr {
	return endpoint{c.local, c.home.local}.netAddr(c.home.network)
}

// RemoteAddr returns the peer's address, like LocalAddr.
func (c *Conn) RemoteAddr() net.Addr {
	return endpoint{c.peer, c.home.peer}.netAddr(c.home.network)
}

// Executor returns the executor that the connection belongs to.
func (c *Conn) Executor() rouse.Executor { return c.home.Ex }

// Close ends the connection; what was written is still sent. It may be called
// from any goroutine, any number of times, and returns without waiting: from
// then on every operation fails with [ErrClosed], also one that waits already.
// At home the descriptor is closed when Close returns; from elsewhere it is
// closed in the executor's next turn.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	on := c.rd.op.Handle
	// An error of do says that the driver has been closed, and the
	// descriptor with it.
	_ = c.home.Do(func() { _ = c.home.CloseHandle(on) })
	return nil
}

// CloseWrite ends our sending: the peer reads what was written, and then the
// end of the stream. From anywhere, like [Conn.SetNoDelay].
func (c *Conn) CloseWrite() error { return c.shutdown(1) }

// CloseRead ends our receiving: reads return io.EOF. From anywhere, like
// [Conn.SetNoDelay].
func (c *Conn) CloseRead() error { return c.shutdown(0) }

func (c *Conn) shutdown(how int) error {
	return c.tell(func() error { return c.home.shutdown(c.rd.op.Handle, how) })
}

// poll does one operation at home.
func (c *Conn) poll(cx *rouse.Context, s *side, buf []byte, vec [][]byte) (int, error) {
	c.home.mustOwn(cx, "a Conn was")
	if c.closed.Load() { // pairs with the Swap in Close
		return 0, ErrClosed
	}
	return s.poll(cx, c.home.Drv, buf, vec)
}

// await is the ctx form of a transfer: it returns the number of bytes that
// went, also with an error. It gives t up.
func (c *Conn) await(ctx context.Context, t *transfer, op string) (int, error) {
	n, err := rouse.AwaitOn[int](ctx, c.home.Ex, t)
	// Either t is settled, or its polls are over, see AwaitOn.
	if !t.settled {
		n = t.n
		if shutDown(err) {
			err = &net.OpError{Op: op, Net: c.home.network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: endedError{err}}
		}
		return n, err // somebody may still refer to t
	}
	t.free()
	return n, err
}
