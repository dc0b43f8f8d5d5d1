//go:build linux

package epoll

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/clock"
	"github.com/rouse-go/rouse/driver/internal/sock"
	"github.com/rouse-go/rouse/driver/internal/table"
	"github.com/rouse-go/rouse/driver/internal/wakefd"
	"github.com/rouse-go/rouse/internal/filepool"
)

// Driver implements [driver.Driver]. Everything but Unpark and Wall is for the
// goroutine that runs the loop.
type Driver struct {
	cfg   Config
	clock clock.Clock

	instance
	sleeper wakefd.Sleeper
	slots   table.Table[slot]
	waiting int // ops that wait for an event of a descriptor
	files   *filepool.Pool
	bells   driver.Bells
	iov     [maxVec]unix.Iovec // of one vectored Send, empty between calls
	packets *sock.Packets      // nil before the first ListenPacket
	closed  bool
}

var _ driver.Driver = (*Driver)(nil)

// New opens an epoll instance and an eventfd.
func New(cfg Config) (*Driver, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	if cfg.Backlog == 0 {
		cfg.Backlog = sock.MaxBacklog()
	}
	d := &Driver{cfg: cfg, clock: clock.New()}
	if err := d.open(); err != nil {
		return nil, err
	}
	d.files = filepool.New(cfg.FileThreads, (*fileTable)(d), d.Unpark)
	return d, nil
}

// open opens the instance and the eventfd that ends its sleep.
func (d *Driver) open() error {
	if err := d.instance.open(); err != nil {
		return err
	}
	err := d.sleeper.Open()
	if err == nil {
		if err = d.watchBell(d.sleeper.FD()); err == nil {
			return nil
		}
		d.sleeper.Close()
	}
	unix.Close(d.epfd)
	return err
}

// Name returns "epoll".
func (d *Driver) Name() string { return "epoll" }

// Now returns the nanoseconds of CLOCK_MONOTONIC since New.
func (d *Driver) Now() int64 { return d.clock.Now() }

// Wall returns time.Now.
func (d *Driver) Wall() time.Time { return time.Now() }

// Submit starts op; see [driver.Driver].
func (d *Driver) Submit(op *driver.Op) bool {
	if d.closed {
		return op.FinishNow(0, driver.ErrClosed)
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
	return op.FinishNow(0, fmt.Errorf("rouse: epoll: unknown operation %d: %w", op.Code, driver.ErrNotSupported))
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
	i := op.Slot
	s := d.slots.At(i)
	d.unwait(s, op)
	if s.kind == kindConnecting {
		d.release(i, s)
	}
	op.Finish(0, driver.ErrCanceled)
}

// closeHandle closes what the Handle names. Whoever waits for it gets
// ErrClosed.
func (d *Driver) closeHandle(op *driver.Op) bool {
	i, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	// The slot goes first: a Handle must be stale when a waker runs.
	waiting := s.Take()
	err := d.release(i, s)
	d.settleAll(waiting, driver.ErrClosed)
	return op.FinishNow(0, err)
}

// release closes the descriptor of s and frees the slot. Nobody waits in it.
func (d *Driver) release(i uint32, s *slot) error {
	fd, kind, ext := int(s.fd), s.kind, s.ext
	d.slots.Free(i)
	switch kind {
	case kindFile:
		return ext.file.Close()
	case kindAttached:
		return os.NewSyscallError("epoll_ctl", unix.EpollCtl(d.epfd, unix.EPOLL_CTL_DEL, fd, nil))
	}
	if ext != nil && ext.path != "" {
		unix.Unlink(ext.path) // like net; that it may be gone is no error
	}
	// Closing takes the descriptor out of the epoll set, since we never
	// duplicate it. EINTR means closed, too, on Linux.
	err := unix.Close(fd)
	if err == unix.EINTR {
		err = nil
	}
	return os.NewSyscallError("close", err)
}

// Close ends all and frees what the kernel holds for d. A second call does
// nothing.
func (d *Driver) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	err := d.files.Close()
	for i, s := range d.slots.All() {
		s.Kill()
		d.release(i, s)
	}
	d.waiting = 0
	unix.Close(d.epfd)
	d.sleeper.Close()
	return err
}
