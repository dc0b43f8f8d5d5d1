package exectest

import (
	"strings"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

// A Driver is a kind of driver to run a test on.
type Driver struct {
	Name string
	Open func() (driver.Driver, error)
}

// Drivers returns those that this system has and allows, the best first.
func Drivers() (all []Driver) {
	for name := range strings.SplitSeq(executor.DriverNames(), ", ") {
		all = append(all, Driver{name, func() (driver.Driver, error) { return executor.OpenDriver(name) }})
	}
	return all
}
