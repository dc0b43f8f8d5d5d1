package durable

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// lockDir takes the lock of a data directory. It ends with the process, however
// that ends.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	const all = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), all, 0, 1, 0, new(windows.Overlapped))
	if err != nil {
		f.Close()
		if err == windows.ERROR_LOCK_VIOLATION {
			err = errLocked
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
