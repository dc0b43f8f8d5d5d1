package executor

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/epoll"
	"github.com/rouse-go/rouse/driver/portable"
)

var choices = []choice{
	{"epoll", func() (driver.Driver, error) { return epoll.New(epoll.Config{}) }},
	{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }},
}
