package filepool

import (
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
)

const directFlag = unix.O_DIRECT

// onDescriptor makes a call that package os does not have, or not as it is
// needed: its ReadAt goes on after a short read, at an offset where direct I/O
// is refused. The function that is handed down is made once for each job, so
// that a call allocates nothing.
func (j *job) onDescriptor() error {
	if j.call == nil {
		j.call = j.system
	}
	if err := j.file.raw.Control(j.call); err != nil {
		return err // closed
	}
	if j.err != nil {
		return &fs.PathError{Op: callName(j.code), Path: j.file.os.Name(), Err: j.err}
	}
	return nil
}

// system makes the call on fd, which stays open meanwhile.
func (j *job) system(fd uintptr) {
	for {
		switch j.code {
		case driver.ReadAt:
			j.n, j.err = unix.Pread(int(fd), j.buf, j.off)
		case driver.WriteAt:
			j.n, j.err = unix.Pwrite(int(fd), j.buf, j.off)
		case driver.Datasync:
			j.err = unix.Fdatasync(int(fd))
		case driver.Allocate:
			j.err = unix.Fallocate(int(fd), 0, j.off, j.args.size)
		}
		j.n = max(j.n, 0)
		if j.err != unix.EINTR {
			return
		}
	}
}

// callName is the system call's, for the error.
func callName(c driver.Code) string {
	switch c {
	case driver.ReadAt:
		return "read"
	case driver.WriteAt:
		return "write"
	case driver.Datasync:
		return "fdatasync"
	}
	return "fallocate"
}
