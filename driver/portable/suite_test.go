package portable_test

import (
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/portable"
)

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver {
		d, err := portable.New(portable.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, drivertest.Options{
		Lacks: map[drivertest.Feature]string{
			drivertest.Descriptors: "the standard library can't watch a descriptor",
			drivertest.ReusePort:   "the standard library has no name for it",
			drivertest.ZeroAlloc:   "a goroutine for each call",
		},
	})
}
