package fileio_test

import (
	"os"
	"runtime"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/executor"
)

type driverUnderTest struct {
	name string
	open func() (driver.Driver, error)
}

// drivers are those of this system that have files, the fastest first; or the
// one that ROUSE_DRIVER names.
var drivers = func() []driverUnderTest {
	if name := os.Getenv("ROUSE_DRIVER"); name != "" {
		return []driverUnderTest{{name, func() (driver.Driver, error) { return executor.OpenDriver(name) }}}
	}
	all := []driverUnderTest{
		{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }},
		{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }},
	}
	if runtime.GOOS != "linux" {
		all = all[1:]
	}
	return all
}()
