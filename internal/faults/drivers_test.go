package faults_test

import (
	"os"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/driver/portable"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

type driverUnderTest struct {
	name  string
	open  func() (driver.Driver, error)
	lacks map[drivertest.Feature]string
}

func (d driverUnderTest) must(t testing.TB) driver.Driver {
	t.Helper()
	inner, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// drivers are those that this system has.
var drivers = append(ofThisSystem(),
	driverUnderTest{"portable", func() (driver.Driver, error) { return portable.New(portable.Config{}) }, lacksPortable()},
	driverUnderTest{"manual", func() (driver.Driver, error) { return manual.New(manual.Config{AutoAdvance: true}) }, map[drivertest.Feature]string{
		drivertest.RealClock:   "its clock is manual",
		drivertest.Direct:      "there are no files",
		drivertest.Files:       "it does nothing outside its memory",
		drivertest.Descriptors: "it does nothing outside its memory",
		drivertest.Unix:        "it has no file system to put paths in",
		drivertest.ReusePort:   "its listeners do not share",
	}},
)

func (d driverUnderTest) hasFiles() bool { return d.lacks[drivertest.Files] == "" }
