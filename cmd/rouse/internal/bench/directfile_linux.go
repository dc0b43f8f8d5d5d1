package bench

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// canDirect says that files can be read past the page cache here.
const canDirect = true

// onDisk reports an error if the folder dir is in memory.
func onDisk(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC {
		return fmt.Errorf("%s is in memory, not on a disk", dir)
	}
	return nil
}

// openDirect opens a file for direct I/O.
func openDirect(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_DIRECT, 0)
	if errors.Is(err, syscall.EINVAL) {
		err = fmt.Errorf("the file system refuses O_DIRECT: %w", err)
	}
	return f, err
}
