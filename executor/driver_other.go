//go:build !linux

package executor

import (
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/portable"
)

var choices = []choice{
	{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }},
}
