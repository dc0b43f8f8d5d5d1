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
// by a later Send. The goroutines end when they have nothing to do. Datagrams
// go the same ways, one at a time in, and with a buffer of 64 KiB for a
// RecvMsgs that waits.
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
// fail with the error of package net. Datagrams are not for js and wasip1.
package portable

import (
	"fmt"
	"sync"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/bell"
	"github.com/rouse-go/rouse/driver/internal/clock"
	"github.com/rouse-go/rouse/driver/internal/ring"
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

// A slot is what a Handle names: one of the four.
type slot struct {
	conn     *conn
	listener *listener
	packet   *packet
	file     *filepool.File
}

// Driver implements [driver.Driver]. Everything but Unpark, Now and Wall is
// for the goroutine that runs the loop, which need not be locked to a thread.
type Driver struct {
	cfg    Config
	clock  clock.Clock
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
	d := &Driver{cfg: cfg, clock: clock.New(), bell: bell.New(), dials: map[*driver.Op]*dial{}}
	d.files = filepool.New(cfg.FileThreads, (*fileTable)(d), d.Unpark)
	return d, nil
}

// Name returns "portable".
func (d *Driver) Name() string { return "portable" }

// Now returns the nanoseconds of the monotonic clock since New.
func (d *Driver) Now() int64 { return d.clock.Now() }

// Wall returns time.Now.
func (d *Driver) Wall() time.Time { return time.Now() }

// Submit starts op; see [driver.Driver].
func (d *Driver) Submit(op *driver.Op) bool {
	if d.closed {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if op.InFlight() {
		panic(ring.Busy)
	}
	switch op.Code {
	case driver.Nop:
		return op.FinishNow(0, nil)
	case driver.Recv, driver.Send:
		return d.transfer(op)
	case driver.CloseHandle:
		return op.FinishNow(0, d.closeHandle(op.Handle))
	case driver.Listen, driver.Connect, driver.Accept, driver.Shutdown, driver.Query, driver.SetOption,
		driver.ListenPacket, driver.RecvMsgs, driver.SendMsgs:
		if op.Args == nil {
			return op.FinishNow(0, driver.ErrNoArgs)
		}
	default:
		if does, byPath := filepool.Does(op); does {
			return d.file(op, byPath)
		}
		return op.FinishNow(0, fmt.Errorf("rouse: portable: %v: %w", op.Code, driver.ErrNotSupported))
	}
	switch op.Code {
	case driver.Listen:
		return op.FinishNow(0, d.listen(op))
	case driver.Connect:
		return d.connect(op)
	case driver.Accept:
		return d.accept(op)
	case driver.ListenPacket:
		return op.FinishNow(0, d.listenPacket(op))
	case driver.RecvMsgs, driver.SendMsgs:
		return d.messages(op)
	}
	_, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.conn != nil:
		return op.FinishNow(0, s.conn.control(op))
	case s.packet != nil:
		return op.FinishNow(0, s.packet.control(op))
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
	if does, _ := filepool.Does(op); does {
		d.files.Cancel(op)
		return
	}
	switch op.Code {
	case driver.Connect:
		d.dials[op].cancel()
		delete(d.dials, op)
	case driver.Accept:
		d.slots.At(op.Slot).listener.unwait(op)
	case driver.RecvMsgs, driver.SendMsgs:
		d.slots.At(op.Slot).packet.Leave(op)
	default:
		d.slots.At(op.Slot).conn.Leave(op)
	}
	op.Finish(0, driver.ErrCanceled)
}
