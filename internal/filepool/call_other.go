//go:build !linux

package filepool

import (
	"io"
	"io/fs"

	"github.com/rouse-go/rouse/driver"
)

const directFlag = 0

// onDescriptor makes the call as well as package os can.
func (j *job) onDescriptor() error {
	switch j.code {
	case driver.ReadAt:
		n, err := j.file.os.ReadAt(j.buf, j.off)
		if j.n = n; n > 0 || err == io.EOF {
			return nil // a short count says it, and what failed will again
		}
		return err
	case driver.WriteAt:
		n, err := j.file.os.WriteAt(j.buf, j.off)
		if j.n = n; n > 0 {
			return nil
		}
		return err
	case driver.Datasync:
		return j.file.os.Sync()
	}
	return &fs.PathError{Op: "fallocate", Path: j.file.os.Name(), Err: notSupported("reserving room in a file")}
}
