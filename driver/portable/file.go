package portable

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/filepool"
)

// file serves the operations of files. The file counts who uses it, so closing
// the Handle under a worker's call is safe.
func (d *Driver) file(op *driver.Op, byPath bool) bool {
	if byPath {
		return d.files.Submit(op, nil)
	}
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

func (t *fileTable) AddFile(f *filepool.File) driver.Handle {
	i, s := t.slots.Add()
	s.file = f
	return t.slots.Handle(i)
}

func (t *fileTable) DropFile(h driver.Handle) { (*Driver)(t).closeHandle(h) }
