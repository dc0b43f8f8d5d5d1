//go:build linux

package uring

import (
	"errors"
	"sync"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/uring"
)

// features asks the kernel once in the life of the process.
var features = sync.OnceValues(uring.Probe)

// notSupported says an error of the binding in the seam's words.
func notSupported(err error) error {
	if errors.Is(err, uring.ErrNotSupported) {
		return &unsupported{err}
	}
	return err
}

type unsupported struct{ error }

func (e *unsupported) Unwrap() []error { return []error{e.error, driver.ErrNotSupported} }
