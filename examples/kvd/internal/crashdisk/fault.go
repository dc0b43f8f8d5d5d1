package crashdisk

import (
	"strings"

	"github.com/rouse-go/rouse/driver"
)

// A Fault makes operations fail. A write that fails has been done in part. A
// Sync that fails loses what it should have made durable, for good, while reads
// go on to see it, as on Linux: the next Sync succeeds and does nothing.
type Fault struct {
	Code driver.Code
	File string // part of the file's name
	Err  error
	Left int // so many more; negative: for ever
}

// Fail adds a Fault; a Left of 0 ends it.
func (d *Disk) Fail(f *Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, f)
}

// Heal ends all faults.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = nil
}

func (d *Disk) fault(code driver.Code, name string) error {
	if code == driver.Datasync {
		code = driver.Sync
	}
	for _, f := range d.faults {
		if f.Code == code && strings.Contains(name, f.File) && f.Left != 0 {
			f.Left--
			return f.Err
		}
	}
	return nil
}
