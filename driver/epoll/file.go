//go:build linux

package epoll

import (
	"os"

	"github.com/rouse-go/rouse/driver"
)

// file serves ReadAt, WriteAt and Sync. The os.File counts who uses it, so
// closing the Handle under a worker's call is safe.
func (d *Driver) file(op *driver.Op) bool {
	if op.InFlight() {
		panic(errBusy)
	}
	_, s := d.slots.Get(op.Handle)
	if s == nil {
		return op.FinishNow(0, driver.ErrClosed)
	}
	if s.kind != kindFile {
		return op.FinishNow(0, driver.ErrKind)
	}
	return d.files.Submit(op, s.ext.file)
}

// A fileTable is the Driver as the pool of files sees it.
type fileTable Driver

func (t *fileTable) AddFile(f *os.File) driver.Handle {
	d := (*Driver)(t)
	i, s := d.add(-1, kindFile, 0)
	s.ext = &extra{file: f}
	return d.slots.Handle(i)
}

func (t *fileTable) DropFile(h driver.Handle) { (*Driver)(t).discard(h) }
