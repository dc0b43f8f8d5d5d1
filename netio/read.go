package netio

import (
	"context"
	"io"

	"github.com/rouse-go/rouse"
)

// PollRead reads what is there into buf, at least one byte, or returns
// rouse.Pending; at the end of the stream io.EOF. An empty buf reads nothing.
//
// buf is used during the call only: a task that waits for a quiet connection
// need not own one, and all tasks of an executor may share one. A task that
// stops waiting before PollRead has returned a result, other than by its own
// end, calls [Conn.ForgetRead]; then nothing is lost, and what has come or will
// come is read by whoever reads next.
//
// Only in a task of the connection's executor. It allocates nothing.
func (c *Conn) PollRead(cx *rouse.Context, buf []byte) (int, error) {
	if len(buf) == 0 {
		c.home.mustOwn(cx, "a Conn was")
		return 0, nil
	}
	n, err := c.poll(cx, &c.rd, buf, nil)
	switch {
	case err == nil:
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	case err == rouse.Pending:
		return 0, err
	}
	return 0, c.opError("read", err)
}

// ForgetRead says that the task which got Pending from PollRead has stopped
// waiting: another task may read. At home only; it belongs into the Drop of a
// future that reads and leaves the connection to others.
func (c *Conn) ForgetRead() { c.rd.forget() }

// Read reads what is there into buf, at least one byte; at the end of the
// stream it returns io.EOF. It waits: in a fiber it suspends the fiber,
// elsewhere it blocks the goroutine. If ctx ends first it returns ctx.Err() and
// has read nothing: not one byte is lost, and nobody touches buf any more.
func (c *Conn) Read(ctx context.Context, buf []byte) (int, error) {
	return c.await(ctx, newTransfer(c, reads, buf), "read")
}
