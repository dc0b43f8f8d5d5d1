//go:build linux

package uring_test

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/uring"
)

// open returns a driver, or skips where there is no io_uring.
func open(t testing.TB, cfg uring.Config) *uring.Driver {
	d, err := uring.New(cfg)
	if errors.Is(err, driver.ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver { return open(t, uring.Config{}) }, drivertest.Options{})
}

func FuzzOrders(f *testing.F) {
	drivertest.FuzzOrders(f, func(t *testing.T) driver.Driver {
		return open(t, uring.Config{Entries: 8, Buffers: 64, BufferSize: 1024})
	}, drivertest.Options{})
}
