package portable

import (
	"os"

	"github.com/rouse-go/rouse/driver"
)

// file serves ReadAt, WriteAt and Sync. The os.File counts who uses it, so
// closing the Handle under a worker's call is safe.
func (d *Driver) file(op *driver.Op) bool {
	_, s := d.slots.Get(op.Handle)
	switch {
	case s == nil:
		return op.FinishNow(0, driver.ErrClosed)
	case s.file == nil:
		return op.FinishNow(0, driver.ErrKind)
	}
	return d.files.Submit(op, s.file)
}

// A fileTable is the Driver as the pool of files sees it.
type fileTable Driver

func (t *fileTable) AddFile(f *os.File) driver.Handle {
	i, s := t.slots.Add()
	s.file = f
	return t.slots.Handle(i)
}

func (t *fileTable) DropFile(h driver.Handle) { (*Driver)(t).closeHandle(h) }
