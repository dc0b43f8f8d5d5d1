//go:build !unix && !windows

package durable

import (
	"fmt"
	"os"

	"github.com/rouse-go/rouse/driver"
)

func lockDir(path string) (*os.File, error) {
	return nil, fmt.Errorf("%s: files can't be locked: %w", path, driver.ErrNotSupported)
}
