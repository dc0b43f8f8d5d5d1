//go:build !linux

package executor

import "errors"

const canPin = false

func pin(int) error { return errors.ErrUnsupported }
