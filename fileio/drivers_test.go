package fileio_test

import (
	"runtime"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/portable"
)

type driverUnderTest struct {
	name string
	open func() (driver.Driver, error)
}

// drivers are those of this system that have files; the first one is the
// fastest.
var drivers = func() []driverUnderTest {
	all := []driverUnderTest{
		{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }},
		{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }},
	}
	if runtime.GOOS != "linux" {
		all = all[1:]
	}
	return all
}()
