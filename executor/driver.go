package executor

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// driverVariable is the environment variable that forces a driver.
const driverVariable = "ROUSE_DRIVER"

// choice is a driver of this system, the best first.
type choice struct {
	name string
	open func() (driver.Driver, error)
}

// OpenDriver opens a driver by name, with its default configuration. The empty
// name means the one that the environment variable ROUSE_DRIVER names or, if
// that is not set, the best that this system allows; what was passed over, and
// why, is logged once in the life of the process. From any goroutine.
func OpenDriver(name string) (driver.Driver, error) { return openDriver(name, slog.Default()) }

func openDriver(name string, log *slog.Logger) (driver.Driver, error) {
	from := ""
	if name == "" {
		if name = os.Getenv(driverVariable); name != "" {
			from = " (from " + driverVariable + ")"
		}
	}
	if name == "" {
		return openBest(choices, log)
	}
	for _, c := range choices {
		if c.name == name {
			return c.open()
		}
	}
	return nil, fmt.Errorf("rouse: no driver %q here%s; choose one of %s", name, from, DriverNames())
}

// passedOver sees to it that a driver that is not to be had is logged once.
var passedOver atomics.Bool

// openBest opens the first choice that is supported.
func openBest(choices []choice, log *slog.Logger) (driver.Driver, error) {
	var why []error
	for _, c := range choices {
		d, err := c.open()
		if errors.Is(err, driver.ErrNotSupported) {
			why = append(why, err)
			continue
		}
		if err == nil && len(why) > 0 && !passedOver.Swap(true) {
			log.Info("rouse: using the driver "+d.Name(), "because", errors.Join(why...))
		}
		return d, err
	}
	return nil, fmt.Errorf("rouse: no driver can be used here: %w", errors.Join(why...))
}

// DriverNames lists the drivers that this system has and allows, the best first.
func DriverNames() string { return names() }

// names tries each driver once in the life of the process.
var names = sync.OnceValue(func() string {
	var usable []string
	for _, c := range choices {
		d, err := c.open()
		if err == nil {
			d.Close()
		}
		if !errors.Is(err, driver.ErrNotSupported) {
			usable = append(usable, c.name)
		}
	}
	return strings.Join(usable, ", ")
})
