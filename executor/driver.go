package executor

import (
	"fmt"
	"os"
	"strings"

	"github.com/rouse-go/rouse/driver"
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
// that is not set, the best of this system. From any goroutine.
func OpenDriver(name string) (driver.Driver, error) {
	from := ""
	if name == "" {
		if name = os.Getenv(driverVariable); name != "" {
			from = " (from " + driverVariable + ")"
		}
	}
	for _, c := range choices {
		if name == "" || c.name == name {
			return c.open()
		}
	}
	return nil, fmt.Errorf("rouse: no driver %q here%s; choose one of %s", name, from, DriverNames())
}

// DriverNames lists the drivers of this system, the best first.
func DriverNames() string {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}
