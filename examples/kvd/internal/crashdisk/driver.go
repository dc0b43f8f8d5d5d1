package crashdisk

import (
	"math"
	"slices"
	"syscall"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// ours marks the handles that name files of a Disk.
const ours = driver.Handle(1) << 63

// A Driver is another driver with a Disk in the place of one directory.
type Driver struct {
	driver.Driver
	disk  *Disk
	files map[driver.Handle]*handle
	last  driver.Handle
	wait  []waiting

	// Latency is how long a Sync takes. It may be changed between turns.
	Latency time.Duration
}

type handle struct {
	name string // as it was opened; "" is the directory
	file *inode // nil of the directory
}

// A waiting is an operation that is going to be finished by Park.
type waiting struct {
	op     *driver.Op
	due    int64
	finish func() (int, error)
}

// NewDriver returns a Driver on inner, which it owns from now on.
func NewDriver(inner driver.Driver, disk *Disk) *Driver {
	return &Driver{Driver: inner, disk: disk, files: map[driver.Handle]*handle{}}
}

// NeedsThread reports what the inner driver does.
func (d *Driver) NeedsThread() bool {
	inner, ok := d.Driver.(interface{ NeedsThread() bool })
	return ok && inner.NeedsThread()
}

// Submit keeps the operations on the Disk and hands the others down.
func (d *Driver) Submit(op *driver.Op) bool {
	switch op.Code {
	case driver.Open, driver.Rename, driver.Remove, driver.ReadDir:
		if op.Args != nil {
			if name, ok := d.disk.name(op.Args.Path); ok {
				return d.byName(op, name)
			}
		}
	case driver.Stat:
		if op.Handle == 0 && op.Args != nil {
			if name, ok := d.disk.name(op.Args.Path); ok {
				return d.byName(op, name)
			}
		}
	}
	if op.Handle&ours == 0 {
		return d.Driver.Submit(op)
	}
	h := d.files[op.Handle]
	if h == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if op.Code == driver.CloseHandle {
		delete(d.files, op.Handle)
		return op.FinishNow(0, nil)
	}
	return d.onFile(op, h)
}

// begin counts an operation and looks whether it is to fail. After a crash
// nothing is ever finished.
func (d *Driver) begin(op *driver.Op, name string) (err error, goesOn bool) {
	point := opName(op.Code, name)
	if op.Code == driver.Datasync {
		point = opName(driver.Sync, name)
	}
	d.disk.ops[point]++
	if d.disk.point(point) {
		op.Start()
		d.wait = append(d.wait, waiting{op: op, due: math.MaxInt64})
		return nil, false
	}
	return d.disk.fault(op.Code, name), true
}

// later finishes op in a Park, after so long.
func (d *Driver) later(op *driver.Op, after time.Duration, finish func() (int, error)) bool {
	op.Start()
	d.wait = append(d.wait, waiting{op, d.Now() + int64(after), finish})
	return false
}

func (d *Driver) byName(op *driver.Op, name string) bool {
	disk := d.disk
	disk.mu.Lock()
	defer disk.mu.Unlock()
	err, ok := d.begin(op, name)
	if !ok {
		return false
	}
	h := &handle{name: name}
	if err == nil {
		switch op.Code {
		case driver.Open:
			if name != "" {
				h.file, err = disk.open(name, op.Args.Flags)
			}
		case driver.Rename:
			to, inside := disk.name(op.Args.To)
			if !inside {
				err = syscall.EXDEV
			} else {
				err = disk.rename(name, to)
			}
		case driver.Remove:
			err = disk.remove(name)
		case driver.ReadDir:
			op.Args.Entries = disk.entries()
		case driver.Stat:
			if f := disk.names[name]; f != nil {
				op.Args.Info = info{name, int64(len(f.cache))}
			} else {
				err = syscall.ENOENT
			}
		}
	}
	return d.later(op, 0, func() (int, error) {
		if op.Code == driver.Open && err == nil {
			d.last++
			op.Handle = ours | d.last
			op.Args.Handle = op.Handle
			d.files[op.Handle] = h
		}
		return 0, err
	})
}

func (d *Driver) onFile(op *driver.Op, h *handle) bool {
	disk := d.disk
	disk.mu.Lock()
	defer disk.mu.Unlock()
	f := h.file
	if f == nil && op.Code != driver.Sync && op.Code != driver.Datasync {
		return op.FinishNow(0, syscall.EISDIR)
	}
	err, ok := d.begin(op, h.name)
	if !ok {
		return false
	}
	switch op.Code {
	case driver.ReadAt:
		return d.later(op, 0, func() (int, error) {
			if err != nil || op.Off >= int64(len(f.cache)) {
				return 0, err
			}
			return copy(op.Buf, f.cache[op.Off:]), nil
		})
	case driver.WriteAt:
		n := len(op.Buf)
		if err != nil {
			n /= 2
		}
		f.write(op.Buf[:n], op.Off)
		return d.later(op, 0, func() (int, error) {
			if err != nil {
				return 0, err
			}
			return n, nil
		})
	case driver.Truncate:
		if err == nil {
			f.resize(op.Args.Size)
		}
		return d.later(op, 0, func() (int, error) { return 0, err })
	case driver.Stat:
		return d.later(op, 0, func() (int, error) {
			op.Args.Info = info{h.name, int64(len(f.cache))}
			return 0, err
		})
	case driver.Sync, driver.Datasync:
		return d.sync(op, h, err)
	}
	return op.FinishNow(0, driver.ErrNotSupported)
}

// sync lets through what was there when it began, when it ends.
func (d *Driver) sync(op *driver.Op, h *handle, err error) bool {
	disk, f := d.disk, h.file
	n := disk.named + len(disk.renames)
	if f != nil {
		n = f.synced + len(f.changes)
	}
	if err != nil {
		if f != nil { // the cache is clean now, but the disk has nothing of it
			f.synced, f.changes = n, nil
		}
		return d.later(op, d.Latency, func() (int, error) { return 0, err })
	}
	return d.later(op, d.Latency, func() (int, error) {
		if disk.point("half " + opName(driver.Sync, h.name)) {
			return 0, nil
		}
		if f == nil {
			disk.syncNames(n)
		} else {
			disk.sync(f, n)
		}
		return 0, nil
	})
}

// Park finishes what is due on the Disk, and parks in the inner driver.
func (d *Driver) Park(until int64) (int, error) {
	n := d.reap()
	if n > 0 {
		until = 0
	}
	for _, w := range d.wait {
		until = min(until, w.due)
	}
	m, err := d.Driver.Park(until)
	return n + m + d.reap(), err
}

func (d *Driver) reap() int {
	now := d.Now()
	var due []waiting
	d.wait = slices.DeleteFunc(d.wait, func(w waiting) bool {
		if w.due <= now {
			due = append(due, w)
		}
		return w.due <= now
	})
	for _, w := range due {
		d.disk.mu.Lock()
		n, err := w.finish()
		crashed := d.disk.crashed && err != driver.ErrCanceled
		d.disk.mu.Unlock()
		if crashed {
			d.wait = append(d.wait, waiting{op: w.op, due: math.MaxInt64})
		} else if wanted := w.op.Finish(n, err); !wanted && w.op.Code == driver.Open {
			delete(d.files, w.op.Handle)
		}
	}
	return len(due)
}

// Cancel lets operations on the Disk end by themselves, with their result, but
// for those that a crash keeps from ending.
func (d *Driver) Cancel(op *driver.Op) {
	for i := range d.wait {
		if w := &d.wait[i]; w.op == op {
			if w.due == math.MaxInt64 {
				w.due, w.finish = 0, func() (int, error) { return 0, driver.ErrCanceled }
			}
			return
		}
	}
	d.Driver.Cancel(op)
}

// Close ends every operation and closes the inner driver.
func (d *Driver) Close() error {
	for _, w := range d.wait {
		w.op.Kill()
	}
	d.wait, d.files = nil, map[driver.Handle]*handle{}
	return d.Driver.Close()
}
