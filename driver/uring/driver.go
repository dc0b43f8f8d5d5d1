//go:build linux

package uring

import (
	"fmt"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/clock"
	"github.com/rouse-go/rouse/driver/internal/sock"
	"github.com/rouse-go/rouse/driver/internal/table"
	"github.com/rouse-go/rouse/driver/internal/wakefd"
	"github.com/rouse-go/rouse/internal/filepool"
	"github.com/rouse-go/rouse/internal/uring"
)

// Driver implements [driver.Driver]. Everything but Unpark and Wall is for the
// goroutine that runs the loop, which must be locked to its thread; the first
// Submit or Park makes the thread the ring's.
type Driver struct {
	cfg   Config
	clock clock.Clock
	has   uring.Features

	sleeper wakefd.Sleeper
	armed   bool // the ring polls the sleeper's eventfd

	ring     *uring.Ring
	buffers  *uring.BufRing
	slots    table.Table[slot]
	requests table.Table[request]
	busy     int // requests that the kernel has or will get

	hold  holding
	sends sending

	files   *filepool.Pool
	bells   driver.Bells
	towers  []tower       // of the same doorbells
	packets *sock.Packets // nil before the first ListenPacket
	closed  bool

	closeWait time.Duration // see there
}

var _ driver.Driver = (*Driver)(nil)

// New makes a ring. If the kernel or a sandbox does not allow that, or lacks
// what the driver can't do without, the error is driver.ErrNotSupported.
func New(cfg Config) (*Driver, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	if cfg.Backlog == 0 {
		cfg.Backlog = sock.MaxBacklog()
	}
	d := &Driver{cfg: cfg, clock: clock.New(), closeWait: closeWait}
	if d.has, err = features(); err != nil {
		return nil, notSupported(err)
	}
	d.has &^= uring.Features(cfg.without)
	if err := d.has.Need(uring.FeatureBufferRings); err != nil {
		return nil, notSupported(err)
	}
	entries := uint32(cfg.Entries)
	if d.ring, err = uring.New(uring.Config{Entries: entries, Completions: 4 * entries, Mask: cfg.mask, Tamper: cfg.tamper}); err != nil {
		return nil, notSupported(err)
	}
	if err := d.sleeper.Open(); err != nil {
		d.ring.Close()
		return nil, err
	}
	d.files = filepool.New(cfg.FileThreads, (*fileTable)(d), d.Unpark)
	return d, nil
}

// Name returns "uring".
func (d *Driver) Name() string { return "uring" }

// NeedsThread reports that the executor's goroutine is to be locked to its
// thread: the kernel makes completions for the thread that enters.
func (d *Driver) NeedsThread() bool { return true }

// Now returns the nanoseconds of CLOCK_MONOTONIC since New.
func (d *Driver) Now() int64 { return d.clock.Now() }

// Wall returns time.Now.
func (d *Driver) Wall() time.Time { return time.Now() }

// begun makes the calling thread the ring's, the first time.
func (d *Driver) begun() error {
	if d.buffers != nil {
		return nil
	}
	if err := d.ring.Enable(); err != nil {
		return err
	}
	b, err := d.ring.NewBufRing(0, d.cfg.Buffers, d.cfg.BufferSize)
	if err != nil {
		return err
	}
	d.buffers = b
	d.hold.init(d.cfg.Buffers)
	return nil
}

// Submit starts op; see [driver.Driver].
func (d *Driver) Submit(op *driver.Op) bool {
	if d.closed {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if d.buffers == nil {
		if err := d.begun(); err != nil {
			return op.FinishNow(0, err)
		}
	}
	switch op.Code {
	case driver.Recv:
		return d.recv(op)
	case driver.Send:
		return d.send(op)
	case driver.Nop:
		return op.FinishNow(0, nil)
	case driver.CloseHandle:
		return d.closeHandle(op)
	case driver.Readable, driver.Writable:
		return d.watch(op)
	}
	if does, byPath := filepool.Does(op); does {
		return d.file(op, byPath)
	}
	if op.Args == nil {
		return op.FinishNow(0, driver.ErrNoArgs)
	}
	switch op.Code {
	case driver.RecvMsgs:
		return d.recvMsgs(op)
	case driver.SendMsgs:
		return d.sendMsgs(op)
	case driver.Accept:
		return d.accept(op)
	case driver.Connect:
		return d.connect(op)
	case driver.Listen:
		return d.listen(op)
	case driver.ListenPacket:
		return d.listenPacket(op)
	case driver.Shutdown:
		return d.shutdown(op)
	case driver.Query:
		return d.query(op)
	case driver.SetOption:
		return d.setOption(op)
	case driver.Attach:
		return d.attach(op)
	}
	return op.FinishNow(0, fmt.Errorf("rouse: uring: unknown operation %d: %w", op.Code, driver.ErrNotSupported))
}

// Cancel ends an op that waits in a slot at once. One that the kernel has ends
// when the kernel says so.
func (d *Driver) Cancel(op *driver.Op) {
	if !op.InFlight() {
		return
	}
	switch op.Code {
	case driver.Connect:
		d.cancel(d.requests.Handle(op.Slot))
		return
	case driver.Recv, driver.Send, driver.Accept, driver.Readable, driver.Writable, driver.RecvMsgs, driver.SendMsgs:
	default:
		if op.Slot&native != 0 {
			m := op.Slot &^ native
			d.requests.At(m).quit = true
			d.cancel(d.requests.Handle(m))
		} else {
			d.files.Cancel(op)
		}
		return
	}
	d.slots.At(op.Slot).Leave(op)
	op.Finish(0, driver.ErrCanceled)
}

// wait puts op in flight, in slot i.
func (d *Driver) wait(i uint32, s *slot, op *driver.Op) bool {
	op.Slot = i
	s.Wait(op)
	return false
}
