//go:build linux

package uring

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/internal/filepool"
	"github.com/rouse-go/rouse/internal/uring"
)

// The bytes of files go through the ring, their names through threads: the
// kernel itself gives every open that does not hit its cache, and every rename,
// unlink and statx of a ring, to a thread.

// native, in the Slot of an Op in flight, says that the ring has it, and the
// rest is its record; without it a thread has it.
const native = 1 << 31

// maxIO is what one read or write takes; the kernel cuts longer ones there.
const maxIO = 1 << 30

// An openFile is a file that requests name by its descriptor. The kernel looks
// some of them up only when a thread of its own takes them, so the descriptor is
// closed after the last one has ended.
type openFile struct {
	*filepool.File
	users  int // requests in flight
	closed bool
}

// close closes f when nobody uses it.
func (f *openFile) close() error {
	f.closed = true
	if f.users > 0 {
		return nil
	}
	return f.Close()
}

// done is called when a request has ended.
func (f *openFile) done() {
	if f.users--; f.users == 0 && f.closed {
		_ = f.Close() // the Handle is closed, so nobody could be told
	}
}

func (d *Driver) file(op *driver.Op, byPath bool) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	if byPath {
		return d.files.Submit(op, nil)
	}
	_, s, err := d.lookup(op, isFile)
	if err != nil {
		return op.FinishNow(0, err)
	}
	switch op.Code {
	case driver.ReadAt, driver.WriteAt:
		if len(op.Buf) == 0 {
			return op.FinishNow(0, nil)
		}
	case driver.Sync, driver.Datasync:
	case driver.Allocate:
		if op.Args == nil {
			return op.FinishNow(0, driver.ErrNoArgs)
		}
		if !d.has.Has(uring.FeatureAllocate) {
			return d.files.Submit(op, s.ext.file.File)
		}
	default:
		return d.files.Submit(op, s.ext.file.File)
	}
	m, r := d.begin(dutyFile, op.Handle)
	r.op, r.fd, r.file = op, s.fd, s.ext.file
	r.file.users++
	op.Start()
	op.Slot = uint32(m) | native
	d.submitFile(m, r)
	return false
}

func isFile(k kind) bool { return k == kindFile }

func (d *Driver) submitFile(m mark, r *request) {
	op, fd := r.op, int(r.fd)
	e := d.entry()
	switch op.Code {
	case driver.ReadAt:
		e.Read(fd, unsafe.Pointer(&op.Buf[0]), min(len(op.Buf), maxIO), op.Off, uint64(m))
	case driver.WriteAt:
		e.Write(fd, unsafe.Pointer(&op.Buf[0]), min(len(op.Buf), maxIO), op.Off, uint64(m))
	case driver.Sync:
		e.Fsync(fd, false, uint64(m))
	case driver.Datasync:
		e.Fsync(fd, true, uint64(m))
	case driver.Allocate:
		e.Fallocate(fd, op.Off, op.Args.Size, uint64(m))
	}
}

// fileCalls names for errors what was tried.
var fileCalls = map[driver.Code]string{
	driver.ReadAt: "read", driver.WriteAt: "write", driver.Sync: "fsync", driver.Datasync: "fdatasync", driver.Allocate: "fallocate",
}

func (d *Driver) fileDone(m mark, r *request, c *uring.CQE) int {
	op, f := r.op, r.file
	errno := errnoOf(c)
	if !f.closed && !r.quit && (errno == unix.EINTR || errno == unix.EAGAIN) {
		d.submitFile(m, r)
		return 0
	}
	d.retire(m)
	f.done()
	switch errno {
	case 0:
		op.Finish(int(c.Res), nil)
	case unix.ECANCELED, unix.EINTR, unix.EAGAIN:
		op.Finish(0, driver.ErrCanceled)
	default:
		op.Finish(0, os.NewSyscallError(fileCalls[op.Code], errno))
	}
	return 1
}

// A fileTable is the Driver as the pool of files sees it.
type fileTable Driver

func (t *fileTable) AddFile(f *filepool.File) driver.Handle {
	d := (*Driver)(t)
	i, s := d.add(f.FD(), kindFile)
	s.more().file = &openFile{File: f}
	return d.slots.Handle(i)
}

func (t *fileTable) DropFile(h driver.Handle) { (*Driver)(t).discard(h) }
