package filepool

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/rouse-go/rouse/driver"
)

// A File is an open file as a driver keeps it. Its os.File counts who uses the
// descriptor, so Close is safe while workers are at it.
type File struct {
	os  *os.File
	raw syscall.RawConn
}

// Close closes f; calls under way end as if nothing had happened, and those
// that have not begun fail.
func (f *File) Close() error { return f.os.Close() }

// errAppend refuses a flag under which the system would not write where WriteAt
// says.
var errAppend = errors.New("O_APPEND makes no sense with WriteAt, which says where to write")

func open(a *request) (*File, error) {
	if a.flags&os.O_APPEND != 0 {
		return nil, &fs.PathError{Op: "open", Path: a.path, Err: errAppend}
	}
	flags := a.flags
	if a.direct {
		if directFlag == 0 {
			return nil, &fs.PathError{Op: "open", Path: a.path, Err: errNoDirect}
		}
		flags |= directFlag
	}
	f, err := os.OpenFile(a.path, flags, a.perm)
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{f, raw}, nil
}

// errNoDirect is why a file can't be opened for direct I/O.
var errNoDirect error = notSupported("direct I/O")

// notSupported is an error of a feature that this system lacks.
type notSupported string

func (e notSupported) Error() string { return string(e) + ": " + driver.ErrNotSupported.Error() }
func (e notSupported) Unwrap() error { return driver.ErrNotSupported }

// isClosed reports whether err says that the file was closed before the call.
// A syscall.RawConn says so with an error that has no name outside of Go's
// library.
func isClosed(err error) bool {
	return err != nil && (errors.Is(err, os.ErrClosed) || err.Error() == "use of closed file")
}
