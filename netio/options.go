package netio

import (
	"errors"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// defaultKeepAlive is the keep-alive period of package net.
const defaultKeepAlive = 15 * time.Second

// A ListenConfig says how to listen. The zero value is the default.
type ListenConfig struct {
	// Executor is where the listener and its connections will belong. Nil
	// means the one that the ctx carries. [ListenConfig.PollListen] does not
	// look at it: there it is the executor that polls.
	Executor rouse.Executor
	// Backlog is how many connections may wait to be accepted; 0 means what
	// the system allows.
	Backlog int
	// ReusePort lets several listeners, such as one for each executor, share
	// one TCP port: the kernel spreads the connections over them.
	ReusePort bool
	// KeepAlive is the idle time after which TCP connections that are accepted
	// probe their peer. 0 means 15 seconds, like package net; below 0 means no
	// probes. How often a probe is repeated, the system says.
	KeepAlive time.Duration
}

// A Dialer says how to connect. The zero value is the default.
type Dialer struct {
	// Executor is where the connection will belong. Nil means the one that the
	// ctx carries, or that polls.
	Executor rouse.Executor
	// LocalAddress is the address to connect from, host:port; empty means that
	// the system chooses. TCP only.
	LocalAddress string
	// KeepAlive is like that of ListenConfig.
	KeepAlive time.Duration
}

// setKeepAlive sets the period, 0 meaning the default, below 0 off. It reports
// whether that worked.
func (h *home) setKeepAlive(on driver.Handle, period time.Duration) error {
	if period < 0 {
		return h.setOption(on, driver.KeepAlive, 0)
	}
	if period == 0 {
		period = defaultKeepAlive
	}
	if err := h.setOption(on, driver.KeepAlive, 1); err != nil {
		return err
	}
	return h.setOption(on, driver.KeepAliveIdle, seconds(period))
}

// seconds rounds up, as package net does: 0 is no period for the kernel.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}

// set changes an option from anywhere. Only at home is the error known.
func (c *Conn) set(option driver.Option, value int) error {
	return c.tell(func() error { return c.home.setOption(c.rd.op.Handle, option, value) })
}

// tell has fn called at home. Elsewhere nobody waits for it: that would stop
// the caller for as long as the executor is busy, and for ever if nobody runs
// it.
func (c *Conn) tell(fn func() error) error {
	if c.closed.Load() {
		return c.opError("set", ErrClosed)
	}
	var err error
	if c.home.IsHere() {
		err = fn()
	} else {
		err = c.home.Ex.Inject(func(*rouse.Context) { _ = fn() })
	}
	if err != nil {
		return c.opError("set", err)
	}
	return nil
}

// SetNoDelay turns TCP_NODELAY on or off. It is on from the start: small
// writes are sent at once.
//
// This and the other setters may be called from any goroutine. At home the
// option is set when they return, and an error of the system is returned; from
// elsewhere it is set soon, before anything that the caller does with c
// afterwards, and only ErrClosed is returned.
func (c *Conn) SetNoDelay(on bool) error {
	v := 0
	if on {
		v = 1
	}
	return c.set(driver.NoDelay, v)
}

// SetKeepAlive sets the idle time after which c probes its peer: 0 means 15
// seconds, below 0 turns the probes off. See SetNoDelay for who may call it.
func (c *Conn) SetKeepAlive(period time.Duration) error {
	return c.tell(func() error { return c.home.setKeepAlive(c.rd.op.Handle, period) })
}

// SetReadBuffer sets the size of the kernel's receive buffer in bytes. See
// SetNoDelay for who may call it.
func (c *Conn) SetReadBuffer(bytes int) error { return c.set(driver.RecvBuffer, bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer in bytes. See
// SetNoDelay for who may call it.
func (c *Conn) SetWriteBuffer(bytes int) error { return c.set(driver.SendBuffer, bytes) }

// SetLinger says what Close does with data that is not sent yet: below 0, the
// default, it is sent in the background; with 0 it is thrown away and the peer
// sees a reset. Above 0 is refused: the kernel would block in Close, and with it
// every task of the executor. See SetNoDelay for who may call it.
func (c *Conn) SetLinger(seconds int) error {
	if seconds > 0 {
		return c.opError("set", errLinger)
	}
	return c.set(driver.Linger, seconds)
}

var errLinger = errors.New("rouse: netio: a linger time above 0 would block the executor in Close; use 0 or -1")
