package netio_test

import (
	"strings"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
)

type driverUnderTest struct {
	name string
	open func() (driver.Driver, error)
}

// drivers are those that this system has, the best first, and the manual one.
var drivers = func() (all []driverUnderTest) {
	for name := range strings.SplitSeq(executor.DriverNames(), ", ") {
		all = append(all, driverUnderTest{name, func() (driver.Driver, error) { return executor.OpenDriver(name) }})
	}
	return append(all, driverUnderTest{"manual", func() (driver.Driver, error) { return manual.New(manual.Config{}) }})
}()
