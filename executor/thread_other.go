//go:build !linux

package executor

import "errors"

const canPin = false

func pin(int) (unpin func(), err error) { return nil, errors.ErrUnsupported }

// threadID returns 0: threads have no names here.
func threadID() int { return 0 }
