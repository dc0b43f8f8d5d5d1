package executor

import (
	"log/slog"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"golang.org/x/sys/unix"
)

// openDriver opens the default driver of this system.
func openDriver(*slog.Logger) (driver.Driver, error) { return epoll.New(epoll.Config{}) }

const canPin = true

// pin binds the calling thread to a CPU.
func pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	return unix.SchedSetaffinity(0, &set)
}
