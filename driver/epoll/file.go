//go:build linux

package epoll

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/ring"
	"github.com/rouse-go/rouse/internal/filepool"
)

// file serves the operations of files. The file counts who uses it, so closing
// the Handle under a worker's call is safe.
func (d *Driver) file(op *driver.Op, byPath bool) bool {
	if op.InFlight() {
		panic(ring.Busy)
	}
	if byPath {
		return d.files.Submit(op, nil)
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

func (t *fileTable) AddFile(f *filepool.File) driver.Handle {
	d := (*Driver)(t)
	i, s := d.add(-1, kindFile, 0)
	s.ext = &extra{file: f}
	return d.slots.Handle(i)
}

func (t *fileTable) DropFile(h driver.Handle) { (*Driver)(t).discard(h) }
