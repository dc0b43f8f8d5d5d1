package portable

import (
	"fmt"
	"net"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// control serves the operations on a connection that finish at once.
func (c *conn) control(op *driver.Op) error {
	a := op.Args
	switch op.Code {
	case driver.Shutdown:
		return closedError(c.shutdown(a.How))
	case driver.Query:
		a.Local, a.LocalPath = fromAddr(c.nc.LocalAddr())
		a.Addr, a.Path = fromAddr(c.nc.RemoteAddr())
		return nil
	case driver.SetOption:
		return closedError(c.setOption(a.Option, a.Value))
	}
	return driver.ErrKind
}

func (c *conn) shutdown(how int) error {
	if how < 0 || how > 2 {
		return fmt.Errorf("rouse: driver: Args.How is %d; it must be 0, 1 or 2", how)
	}
	var err error
	if how != 0 {
		err = c.end()
	}
	if how == 1 {
		return err
	}
	half, ok := c.nc.(interface{ CloseRead() error })
	if !ok {
		return fmt.Errorf("rouse: portable: Shutdown of receiving: %w", driver.ErrNotSupported)
	}
	if e := half.CloseRead(); err == nil {
		err = e
	}
	return err
}

func (c *conn) setOption(o driver.Option, v int) error {
	type buffers interface {
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
	}
	if b, ok := c.nc.(buffers); ok {
		switch o {
		case driver.RecvBuffer:
			return b.SetReadBuffer(v)
		case driver.SendBuffer:
			return b.SetWriteBuffer(v)
		}
	}
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		switch o {
		case driver.NoDelay:
			return tcp.SetNoDelay(v != 0)
		case driver.KeepAlive:
			return tcp.SetKeepAlive(v != 0)
		case driver.KeepAliveIdle:
			return tcp.SetKeepAliveConfig(net.KeepAliveConfig{
				Enable: true, Idle: time.Duration(v) * time.Second, Interval: -1, Count: -1,
			})
		case driver.Linger:
			return tcp.SetLinger(v)
		}
	}
	return fmt.Errorf("rouse: portable: socket option %d: %w", o, driver.ErrNotSupported)
}
