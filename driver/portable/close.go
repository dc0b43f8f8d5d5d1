package portable

import (
	"errors"
	"net"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/table"
)

func (d *Driver) closeHandle(h driver.Handle) error {
	i, s := d.slots.Get(h)
	if s == nil {
		return driver.ErrClosed
	}
	it := *s
	d.slots.Free(i)
	switch {
	case it.conn != nil:
		return it.conn.close(d.cfg.Linger)
	case it.listener != nil:
		return it.listener.close()
	case it.packet != nil:
		return it.packet.close(d.cfg.Linger)
	}
	return it.file.Close()
}

// closeWait is how long Close waits for goroutines whose calls are over: they need
// a turn of the processor, which a busy machine may not have at once.
const closeWait = 5 * time.Second

// Close ends every Op, and waits until the goroutines have ended, which takes
// no longer than Config.Linger and five seconds. A second call does nothing.
func (d *Driver) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	err := d.files.Close()
	for op, dl := range d.dials {
		dl.cancel()
		op.Kill()
	}
	for _, s := range d.slots.All() {
		switch {
		case s.conn != nil:
			s.conn.Kill()
			s.conn.close(d.cfg.Linger)
		case s.listener != nil:
			s.listener.kill()
			s.listener.close()
		case s.packet != nil:
			s.packet.Kill()
			s.packet.close(d.cfg.Linger)
		case s.file != nil:
			s.file.Close()
		}
	}
	d.slots, d.dials = table.Table[slot]{}, nil
	return errors.Join(err, d.join())
}

// join waits for the goroutines, for a bounded time.
func (d *Driver) join() error {
	ended := make(chan struct{})
	go func() {
		d.wg.Wait()
		close(ended)
	}()
	timer := time.NewTimer(d.cfg.Linger + closeWait)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return errors.New("rouse: portable: closed while a call into the system is stuck; its goroutine ends when the call does")
	}
}

// closedError has ErrClosed for what the standard library calls closed.
func closedError(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return driver.ErrClosed
	}
	return err
}
