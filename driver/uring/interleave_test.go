//go:build linux && interleave

package uring

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/models"
)

// A real ring and its real eventfd, once for each schedule.
func TestModelKernel(t *testing.T) {
	open := func() (driver.Driver, error) {
		return New(Config{Entries: 8, Buffers: 64, BufferSize: 1024})
	}
	d, err := open()
	if errors.Is(err, driver.ErrNotSupported) {
		t.Skip(err)
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	models.Kernel{Name: "uring", Open: open}.All(t)
}
