package fileio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// ErrClosed is the error of an operation on a file that was closed, here or by
// the end of its executor. errors.Is(err, fs.ErrClosed) holds for it.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string { return "file is closed" }
func (closedError) Unwrap() error { return fs.ErrClosed }

// An OffsetError is why a read or write failed, and where: the bytes before Off
// went. It wraps a *fs.PathError, which has the path, and that the system's
// error: errors.Is(err, syscall.ENOSPC) and the like work.
type OffsetError struct {
	Off int64
	Err *fs.PathError
}

// Error returns operation, path, offset and cause.
func (e *OffsetError) Error() string {
	return fmt.Sprintf("%s %s at offset %d: %v", e.Err.Op, e.Err.Path, e.Off, e.Err.Err)
}

// Unwrap returns the *fs.PathError.
func (e *OffsetError) Unwrap() error { return e.Err }

// Timeout reports whether the cause is a timeout.
func (e *OffsetError) Timeout() bool { return e.Err.Timeout() }

// cause is what lies under err, which came from the driver: without the path
// that the driver knows, since the caller says his, and with a name of ours for
// what the driver calls closed.
func cause(err error) error {
	switch err {
	case driver.ErrClosed, driver.ErrCanceled, rouse.ErrClosed:
		return ErrClosed
	}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	if errors.Is(err, fs.ErrClosed) && !errors.Is(err, ErrClosed) {
		return ErrClosed
	}
	return err
}

// pathError is the error of operation op on path; nil stays nil.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: cause(err)}
}

// An endedError says that an operation can't be done any more because its
// executor has ended.
type endedError struct{ cause error }

func (e endedError) Error() string   { return ErrClosed.Error() + ": " + e.cause.Error() }
func (e endedError) Unwrap() []error { return []error{ErrClosed, e.cause} }

// shutDown reports whether err, with which an await ended, says that the
// executor did. To a fiber ErrCanceled tells of itself; to a goroutine, whose
// ctx has its own errors, it can only tell of the task that ran for it.
func shutDown(err error) bool { return err == rouse.ErrCanceled && !rouse.OnLoop() }

// interrupted reports whether to do the same again.
func interrupted(err error) bool { return err != nil && errors.Is(err, syscall.EINTR) }
