// Package manual is a driver for tests: its clock stands still until it is
// moved, and its network exists in memory only, between its own handles. With
// the same calls in the same order it does the same, always.
//
// # The clock
//
// [Driver.Advance] and [Driver.AdvanceTo] move it, from any goroutine, and end
// a Park. Park never sleeps for the clock by itself: with nothing ready and a
// deadline ahead it blocks until an Unpark or an Advance, whoever is to make
// that; nothing else can happen. With Config.AutoAdvance it jumps to the
// deadline instead, at once, and blocks only for a deadline of Forever: a
// program full of timers then runs as fast as it can, in virtual time.
//
// # The network
//
// It has the semantics of TCP on loopback, with bounded buffers. Whatever an
// operation makes possible for another completes in the next Park, in the
// order in which it became possible. Datagrams are delivered in order; one that
// finds no room (Config.Buffer bytes for each socket) is lost, and sending never
// waits. Addresses are of the driver's own world:
// nothing outside is reached, and nothing outside is in the way. There are no
// unix sockets, files or descriptors: those operations say ErrNotSupported.
package manual

import (
	"fmt"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/bell"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/driver/internal/table"
)

// Config sets up a Driver. The zero value is the default.
type Config struct {
	// AutoAdvance makes a Park that has nothing to do jump to its deadline.
	AutoAdvance bool
	// Wall is the wall clock's first reading. Zero means the start of the
	// year 2000, UTC.
	Wall time.Time
	// Buffer is how many bytes each direction of a connection holds. 0 means
	// 64 KiB.
	Buffer int
	// Backlog is the length of a listener's queue if the Listen operation does
	// not say. 0 means 128.
	Backlog int
}

// Driver implements [driver.Driver]. Everything but Unpark, Now, Wall, Advance
// and AdvanceTo is for the goroutine that runs the loop.
type Driver struct {
	cfg   Config
	clock clock
	bell  *bell.Bell

	slots     table.Table[slot]
	bells     driver.Bells
	listeners []driver.Handle
	sockets   []driver.Handle // of datagrams
	spare     [][]byte        // buffers for them
	changed   []driver.Handle // slots to look at in the next Park, in order
	port      uint16          // the last one given out
	closed    bool
}

var (
	_ driver.Driver = (*Driver)(nil)
	_ driver.Belfry = (*Driver)(nil)
)

// New returns a Driver whose clock reads 0.
func New(cfg Config) (*Driver, error) {
	if cfg.Buffer < 0 || cfg.Backlog < 0 {
		return nil, fmt.Errorf("rouse: manual: Config.Buffer is %d, Config.Backlog %d; they must be 0 or more", cfg.Buffer, cfg.Backlog)
	}
	if cfg.Wall.IsZero() {
		cfg.Wall = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = 64 << 10
	}
	if cfg.Backlog == 0 {
		cfg.Backlog = 128
	}
	return &Driver{cfg: cfg, bell: bell.New(), port: firstPort - 1}, nil
}

// Name returns "manual".
func (d *Driver) Name() string { return "manual" }

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
	case driver.Recv:
		return d.recv(op)
	case driver.Send:
		return d.send(op)
	case driver.CloseHandle:
		return op.FinishNow(0, d.closeHandle(op.Handle))
	case driver.Listen, driver.Connect, driver.Accept, driver.Shutdown, driver.Query, driver.SetOption,
		driver.ListenPacket, driver.RecvMsgs, driver.SendMsgs:
		if op.Args == nil {
			return op.FinishNow(0, driver.ErrNoArgs)
		}
	default:
		return op.FinishNow(0, fmt.Errorf("rouse: manual: %v: %w", op.Code, driver.ErrNotSupported))
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
	case driver.RecvMsgs:
		return d.recvMsgs(op)
	case driver.SendMsgs:
		return d.sendMsgs(op)
	case driver.Shutdown:
		return op.FinishNow(0, d.shutdown(op))
	case driver.Query:
		return op.FinishNow(0, d.query(op))
	}
	return op.FinishNow(0, d.setOption(op))
}

// Cancel ends op at once, with ErrCanceled.
func (d *Driver) Cancel(op *driver.Op) {
	if !op.InFlight() {
		return
	}
	s := d.slots.At(op.Slot)
	s.Leave(op)
	if op.Code == driver.Connect {
		d.release(op.Slot, s)
	}
	op.Finish(0, driver.ErrCanceled)
}

// Park completes what became possible; see [driver.Driver] and the package.
func (d *Driver) Park(until int64) (int, error) {
	if d.closed {
		return 0, driver.ErrClosed
	}
	n := d.reap() + d.bells.Drain()
	for {
		if d.bell.Taken() || n > 0 || until <= d.clock.read() {
			return n, nil
		}
		if d.cfg.AutoAdvance && until != driver.Forever {
			d.clock.raise(until)
			return 0, nil
		}
		if d.bell.Sleep(-1) {
			return 0, nil
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

// Unpark ends the Park that sleeps, or the next one. It may be called from
// anywhere, also after Close.
func (d *Driver) Unpark() { d.bell.Ring() }

// Close ends every Op. A second call does nothing.
func (d *Driver) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	for _, s := range d.slots.All() {
		s.Kill()
	}
	d.slots, d.listeners, d.sockets, d.changed = table.Table[slot]{}, nil, nil, nil
	return nil
}
