package faults_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/internal/leakcheck"
)

func TestMain(m *testing.M) { os.Exit(leakcheck.Main(m, nil)) }

type driverUnderTest struct {
	exectest.Driver
	lacks map[drivertest.Feature]string
}

// drivers are those that this system has and allows, and the one in memory.
var drivers = func() (all []driverUnderTest) {
	for _, d := range exectest.Drivers() {
		under := driverUnderTest{Driver: d}
		if d.Name == "portable" {
			under.lacks = lacksPortable()
		}
		all = append(all, under)
	}
	return append(all, driverUnderTest{
		exectest.Driver{Name: "manual", Open: func() (driver.Driver, error) { return manual.New(manual.Config{AutoAdvance: true}) }},
		lacksManual,
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
	inner, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func (d driverUnderTest) hasFiles() bool { return d.lacks[drivertest.Files] == "" }
