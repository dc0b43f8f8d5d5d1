package netio_test

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/internal/exectest"
)

// drivers are those that this system has, the best first, and the manual one.
var drivers = append(exectest.Drivers(),
	exectest.Driver{Name: "manual", Open: func() (driver.Driver, error) { return manual.New(manual.Config{}) }})
