//go:build !linux

package bench

import (
	"errors"
	"os"
)

const canDirect = false

func onDisk(string) error { return errors.ErrUnsupported }

func openDirect(path string) (*os.File, error) {
	return nil, &os.PathError{Op: "open", Path: path, Err: errors.ErrUnsupported}
}
