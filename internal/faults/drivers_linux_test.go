package faults_test

import (
	"errors"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/uring"
)

func ofThisSystem() []driverUnderTest {
	all := []driverUnderTest{
		{"uring", func() (driver.Driver, error) { return uring.New(uring.Config{}) }, nil},
		{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }, nil},
	}
	d, err := all[0].open()
	if errors.Is(err, driver.ErrNotSupported) {
		return all[1:]
	}
	d.Close()
	return all
}

func lacksPortable() map[drivertest.Feature]string {
	return map[drivertest.Feature]string{
		drivertest.Descriptors:     "the standard library can't watch a descriptor",
		drivertest.ReusePort:       "the standard library has no name for it",
		drivertest.DatagramBatches: "the standard library has no name for it",
	}
}
