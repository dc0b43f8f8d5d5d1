//go:build linux

package epoll_test

import (
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/epoll"
)

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver {
		d, err := epoll.New(epoll.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, drivertest.Options{})
}

func FuzzOrders(f *testing.F) {
	drivertest.FuzzOrders(f, func(t *testing.T) driver.Driver {
		d, err := epoll.New(epoll.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, drivertest.Options{})
}
