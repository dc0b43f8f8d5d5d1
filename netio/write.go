package netio

import (
	"context"
	"net"

	"github.com/rouse-go/rouse"
)

// PollWrite writes what fits of buf, at least one byte unless buf is empty, and
// returns how much; or rouse.Pending. buf is used during the call only. As with
// PollRead, a task that stops waiting calls [Conn.ForgetWrite].
//
// Only in a task of the connection's executor. It allocates nothing.
func (c *Conn) PollWrite(cx *rouse.Context, buf []byte) (int, error) {
	if len(buf) == 0 {
		c.home.mustOwn(cx, "a Conn was")
		return 0, nil
	}
	n, err := c.poll(cx, &c.wr, buf, nil)
	if err != nil && err != rouse.Pending {
		err = c.opError("write", err)
	}
	return n, err
}

// PollWriteAll writes all of *rest, moving the front of *rest past what has
// gone; after nil it is empty. While it returns rouse.Pending, *rest is what
// remains to be written, and the bytes must stay as they are. So a server keeps
// one slice with the replies that are not sent yet and calls PollWriteAll in
// each poll, whether there are any or not. After an error *rest did not go.
func (c *Conn) PollWriteAll(cx *rouse.Context, rest *[]byte) error {
	for len(*rest) > 0 {
		n, err := c.PollWrite(cx, *rest)
		if err != nil {
			return err
		}
		*rest = (*rest)[n:]
	}
	return nil
}

// PollWritev is PollWrite for several pieces, in one system call where the
// driver can. What went is taken off the front of *bufs, as
// [net.Buffers.WriteTo] does: whole pieces are removed, a piece that went in
// part is shortened. Empty pieces are removed, too; when *bufs is empty, all
// has gone.
func (c *Conn) PollWritev(cx *rouse.Context, bufs *net.Buffers) (int, error) {
	consume(bufs, 0)
	if len(*bufs) == 0 {
		c.home.mustOwn(cx, "a Conn was")
		return 0, nil
	}
	n, err := c.poll(cx, &c.wr, nil, *bufs)
	if err != nil {
		if err != rouse.Pending {
			err = c.opError("write", err)
		}
		return 0, err
	}
	consume(bufs, n)
	return n, nil
}

// consume takes n bytes off the front of bufs, and empty pieces after them.
func consume(bufs *net.Buffers, n int) {
	v := *bufs
	for len(v) > 0 && len(v[0]) <= n {
		n -= len(v[0])
		v[0] = nil // or the array would keep it alive
		v = v[1:]
	}
	if n > 0 {
		v[0] = v[0][n:]
	}
	*bufs = v
}

// ForgetWrite is [Conn.ForgetRead] for the other direction.
func (c *Conn) ForgetWrite() { c.wr.forget() }

// Write writes all of buf. It waits as Read does. With an error it returns how
// many bytes went before; if ctx ends, that is ctx.Err(), and nobody looks at
// buf any more.
func (c *Conn) Write(ctx context.Context, buf []byte) (int, error) {
	return c.await(ctx, newTransfer(c, writes, buf), "write")
}

// Writev writes all of *bufs, with as few system calls as it takes, and takes
// what went off its front, as PollWritev does. It returns the number of bytes
// that went, also with an error.
func (c *Conn) Writev(ctx context.Context, bufs *net.Buffers) (int64, error) {
	t := newTransfer(c, writesVec, nil)
	t.vec = bufs
	n, err := c.await(ctx, t, "write")
	return int64(n), err
}
