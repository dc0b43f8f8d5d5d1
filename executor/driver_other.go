//go:build !linux

package executor

import (
	"errors"
	"log/slog"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/portable"
)

// openDriver opens the default driver of this system.
func openDriver(*slog.Logger) (driver.Driver, error) { return portable.New(portable.Config{}) }

const canPin = false

func pin(int) error { return errors.ErrUnsupported }
