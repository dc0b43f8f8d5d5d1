// Package portable is the driver over the standard library alone: it runs
// wherever Go does, on goroutines, and is the reference that the others are
// measured against.
//
// # Bridges
//
// The standard library's calls block, so a goroutine makes each, and a bridge
// buffer stands between it and the Op. While a Recv waits, a goroutine reads
// into a buffer of 4 KiB; so a connection that waits costs that and a
// goroutine, which the other drivers avoid. If the Recv is cancelled, the read
// goes on, and the next Recv gets what it brings. Send copies up to 64 KiB
// that a goroutine writes behind it, so an error of the connection is reported
// by a later Send. The goroutines end when they have nothing to do.
//
// # Closing
//
// CloseHandle still sends what Send took, in the background, for at most
// Config.Linger; Close of the driver waits for that.
//
// # What it lacks
//
// Attach, Readable and Writable, and ReusePort: ErrNotSupported. The backlog of
// a listener is the system's. On systems without sockets, network operations
// fail with the error of package net.
package portable

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/bell"
	"github.com/rouse-go/rouse/driver/internal/table"
	"github.com/rouse-go/rouse/internal/filepool"
)

// Config sets up a Driver. The zero value is the default.
type Config struct {
	// FileThreads is how many goroutines make blocking calls on files at the
	// same time. 0 means 4.
	FileThreads int
	// Linger is how long a closed connection may take to send what Send took.
	// 0 means 5 seconds.
	Linger time.Duration
}

// A slot is what a Handle names: one of the three.
type slot struct {
	conn     *conn
	listener *listener
	file     *os.File
}

// Driver implements [driver.Driver]. Everything but Unpark, Now and Wall is
// for the goroutine that runs the loop, which need not be locked to a thread.
type Driver struct {
	cfg    Config
	start  time.Time
	bell   *bell.Bell
	inbox  inbox
	slots  table.Table[slot]
	bells  driver.Bells
	dials  map[*driver.Op]*dial // connects in flight
	files  *filepool.Pool
	wg     sync.WaitGroup // the goroutines of bridges
	closed bool
}

var (
	_ driver.Driver = (*Driver)(nil)
	_ driver.Belfry = (*Driver)(nil)
)

// New returns a Driver without goroutines.
func New(cfg Config) (*Driver, error) {
	if cfg.FileThreads < 0 || cfg.Linger < 0 {
		return nil, fmt.Errorf("rouse: portable: Config.FileThreads is %d, Config.Linger %v; they must be 0 or more", cfg.FileThreads, cfg.Linger)
	}
	if cfg.FileThreads == 0 {
		cfg.FileThreads = 4
	}
	if cfg.Linger == 0 {
		cfg.Linger = 5 * time.Second
	}
	d := &Driver{cfg: cfg, start: time.Now(), bell: bell.New(), dials: map[*driver.Op]*dial{}}
	d.files = filepool.New(cfg.FileThreads, (*fileTable)(d), d.Unpark)
	return d, nil
}

// Name returns "portable".
func (d *Driver) Name() string { return "portable" }

// Now returns the nanoseconds of the monotonic clock since New.
func (d *Driver) Now() int64 { return int64(time.Since(d.start)) }

// Wall returns time.Now.
func (d *Driver) Wall() time.Time { return time.Now() }

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close.
func (d *Driver) Unpark() { d.bell.Ring() }

// Submit starts op; see [driver.Driver].
func (d *Driver) Submit(op *driver.Op) bool {
	if d.closed {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if op.InFlight() {
		panic("rouse: driver: an Op in flight was submitted again; wait until it is Done")
	}
	switch op.Code {
	case driver.Nop:
		return op.FinishNow(0, nil)
	case driver.Recv, driver.Send:
		return d.transfer(op)
	case driver.CloseHandle:
		return op.FinishNow(0, d.closeHandle(op.Handle))
	case driver.ReadAt, driver.WriteAt, driver.Sync:
		return d.file(op)
	case driver.Listen, driver.Connect, driver.Accept, driver.Shutdown, driver.Query, driver.SetOption, driver.Open:
		if op.Args == nil {
			return op.FinishNow(0, driver.ErrNoArgs)
		}
	default:
		return op.FinishNow(0, fmt.Errorf("rouse: portable: %v: %w", op.Code, driver.ErrNotSupported))
	}
	switch op.Code {
	case driver.Listen:
		return op.FinishNow(0, d.listen(op))
	case driver.Connect:
		return d.connect(op)
	case driver.Accept:
		return d.accept(op)
	case driver.Open:
		return d.files.Submit(op, nil)
	}
	_, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.conn != nil:
		return op.FinishNow(0, s.conn.control(op))
	case s.listener != nil && op.Code == driver.Query:
		return op.FinishNow(0, s.listener.query(op.Args))
	}
	return op.FinishNow(0, driver.ErrKind)
}

// Cancel ends op at once, with ErrCanceled, unless a worker is at it in a file.
func (d *Driver) Cancel(op *driver.Op) {
	if !op.InFlight() {
		return
	}
	switch op.Code {
	case driver.Open, driver.ReadAt, driver.WriteAt, driver.Sync:
		d.files.Cancel(op)
		return
	case driver.Connect:
		d.dials[op].cancel()
		delete(d.dials, op)
	case driver.Accept:
		d.slots.At(op.Slot).listener.unwait(op)
	default:
		d.slots.At(op.Slot).conn.unwait(op)
	}
	op.Finish(0, driver.ErrCanceled)
}

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
	}
	return it.file.Close()
}

// Park sleeps and reaps; see [driver.Driver].
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	n := d.reap()
	for {
		if d.bell.Taken() {
			return n + d.reap(), nil
		}
		left := time.Duration(-1)
		if until != driver.Forever {
			left = time.Duration(until - d.Now())
		}
		if n > 0 || until != driver.Forever && left <= 0 {
			return n, nil
		}
		told := d.bell.Sleep(left)
		if n = d.reap(); told {
			return n, nil
		}
	}
}

// Hang has Park look at b; what ends its sleep is an Unpark.
func (d *Driver) Hang(b *driver.Doorbell) (watched bool, err error) {
	if d.closed {
		return false, driver.ErrClosed
	}
	d.bells.Add(b)
	return false, nil
}

// Unhang forgets b.
func (d *Driver) Unhang(b *driver.Doorbell) { d.bells.Remove(b) }

// reap takes what the goroutines left.
func (d *Driver) reap() int {
	n := d.files.Reap() + d.bells.Drain()
	for b := d.inbox.takeAll(); b != nil; {
		next := b.next
		b.next = nil
		// Pairs with the swap in post: what comes from now on is a new entry.
		b.posted.Store(false)
		n += b.reap()
		b = next
	}
	return n
}

// Close ends every Op, and waits until the goroutines have ended, which takes
// no longer than Config.Linger and a little. A second call does nothing.
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
			s.conn.kill()
			s.conn.close(d.cfg.Linger)
		case s.listener != nil:
			s.listener.kill()
			s.listener.close()
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
	timer := time.NewTimer(d.cfg.Linger + time.Second)
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
