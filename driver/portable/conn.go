package portable

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
)

// A conn is a connection and its two bridges.
type conn struct {
	d  *Driver
	nc net.Conn
	bridge

	// The loop's.
	ring.Sides
	in   receiving
	shut bool // sending was shut down

	mu   sync.Mutex // guards what follows, between the loop and goroutines
	read readResult
	out  sending
}

func (d *Driver) addConn(nc net.Conn) driver.Handle {
	c := &conn{d: d, nc: nc}
	c.bridge.reap = c.reap
	i, s := d.slots.Add()
	s.conn = c
	return d.slots.Handle(i)
}

func (d *Driver) transfer(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	c := s.conn
	if c == nil {
		return op.FinishNow(0, driver.ErrKind)
	}
	if op.Code == driver.Recv {
		if len(op.Buf) == 0 {
			return op.FinishNow(0, driver.ErrNoBuffer)
		}
		if n, done, err := c.take(op.Buf); done {
			return op.FinishNow(n, closedError(err))
		}
		op.Slot = i
		c.Wait(op)
		return false
	}
	if c.shut {
		return op.FinishNow(0, os.NewSyscallError("write", syscall.EPIPE))
	}
	if n, done, err := c.give(op.Buf, op.Vec); done {
		return op.FinishNow(n, closedError(err))
	}
	op.Slot = i
	c.Wait(op)
	return false
}

// reap tells those who wait that the bridges have changed.
func (c *conn) reap() int {
	c.mu.Lock()
	c.in.land(&c.read)
	room := c.out.room() > 0 || c.out.err != nil
	c.mu.Unlock()
	n := 0
	if !c.in.reading {
		n += ring.Settle(&c.Rd, driver.ErrAgain)
	}
	if room {
		n += ring.Settle(&c.Wr, driver.ErrAgain)
	}
	return n
}

// close ends who waits, and the connection once what was taken is sent.
func (c *conn) close(linger time.Duration) error {
	waiting := c.Take()
	c.mu.Lock()
	c.out.closing = true
	sending := c.out.writing
	c.mu.Unlock()
	var err error
	if sending {
		// The goroutine that writes closes when it has done so.
		now := time.Now()
		c.nc.SetWriteDeadline(now.Add(linger))
		c.nc.SetReadDeadline(now)
	} else {
		err = c.nc.Close()
	}
	waiting.Finish(driver.ErrClosed)
	return err
}
