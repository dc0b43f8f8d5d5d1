package faults_test

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

type driverUnderTest struct {
	name  string
	open  func() (driver.Driver, error)
	lacks map[drivertest.Feature]string
}

// drivers are those that this system has and allows, and the one in memory.
var drivers = func() (all []driverUnderTest) {
	for _, name := range strings.Split(executor.DriverNames(), ", ") {
		d := driverUnderTest{name: name, open: func() (driver.Driver, error) { return executor.OpenDriver(name) }}
		if name == "portable" {
			d.lacks = lacksPortable()
		}
		all = append(all, d)
	}
	return append(all, driverUnderTest{
		name:  "manual",
		open:  func() (driver.Driver, error) { return manual.New(manual.Config{AutoAdvance: true}) },
		lacks: lacksManual,
	})
}()

// lacksPortable says what the standard library can't do.
func lacksPortable() map[drivertest.Feature]string {
	lacks := map[drivertest.Feature]string{
		drivertest.Descriptors:     "the standard library can't watch a descriptor",
		drivertest.ReusePort:       "the standard library has no name for it",
		drivertest.DatagramBatches: "the standard library has no name for it",
	}
	if runtime.GOOS != "linux" {
		lacks[drivertest.Abstract] = "this system has no such names"
		lacks[drivertest.Direct] = "package os has no flag for it here"
	}
	return lacks
}

var lacksManual = map[drivertest.Feature]string{
	drivertest.RealClock:   "its clock is manual",
	drivertest.Direct:      "there are no files",
	drivertest.Files:       "it does nothing outside its memory",
	drivertest.Descriptors: "it does nothing outside its memory",
	drivertest.Unix:        "it has no file system to put paths in",
	drivertest.ReusePort:   "its listeners do not share",
}

func (d driverUnderTest) must(t testing.TB) driver.Driver {
	t.Helper()
	inner, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func (d driverUnderTest) hasFiles() bool { return d.lacks[drivertest.Files] == "" }
