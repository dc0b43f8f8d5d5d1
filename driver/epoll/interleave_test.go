//go:build linux && interleave

package epoll

import (
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/internal/models"
)

// A real epoll instance and its real eventfd, once for each schedule.
func TestModelKernel(t *testing.T) {
	models.Kernel{
		Name: "epoll",
		Open: func() (driver.Driver, error) { return New(Config{}) },
	}.All(t)
}
