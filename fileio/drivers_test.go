package fileio_test

import (
	"strings"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/executor"
)

type driverUnderTest struct {
	name string
	open func() (driver.Driver, error)
}

// drivers are those that this system has, the best first. The manual one has no
// files.
var drivers = func() (all []driverUnderTest) {
	for name := range strings.SplitSeq(executor.DriverNames(), ", ") {
		all = append(all, driverUnderTest{name, func() (driver.Driver, error) { return executor.OpenDriver(name) }})
	}
	return all
}()
