//go:build !linux

package uring

import (
	"fmt"

	"github.com/rouse-go/rouse/driver"
)

// Driver exists on Linux only.
type Driver struct{ driver.Driver }

// New fails: this system has no io_uring. Use driver/portable.
func New(cfg Config) (*Driver, error) {
	if _, err := cfg.validate(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("rouse: uring needs linux; use driver/portable: %w", driver.ErrNotSupported)
}
