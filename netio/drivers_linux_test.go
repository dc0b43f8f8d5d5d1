package netio_test

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
)

var drivers = []struct {
	name string
	open func() (driver.Driver, error)
}{
	{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }},
}
