package executor

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/driver/uring"
)

var choices = []choice{
	{"uring", func() (driver.Driver, error) { return uring.New(uring.Config{}) }},
	{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }},
	{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }},
}
