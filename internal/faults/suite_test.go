package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/internal/exectest"
	"github.com/rouse-go/rouse/internal/faults"
)

// patience bounds every wait.
const patience = exectest.Patience

// bad is every fault that is no error, often.
var bad = faults.Plan{Short: 0.4, Late: 0.4, Swap: 0.8}

// parts are what of the suite faults can make a difference to.
var parts = []string{"Op/", "Net/", "Stream/Partial", "Stream/Vectored", "Stream/BufferIsFree", "Stream/SmallReads", "End/", "Cancel/", "Abandon/", "Unix/", "Attach/", "File/Cancel", "File/Close", "File/Many", "File/ReadWrite", "Datagram/"}

// What a driver with faults does is what a driver may do: it passes the suite.
func TestDriver(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	for _, under := range drivers {
		t.Run(under.Name, func(t *testing.T) {
			counts := map[string]int{}
			opt := drivertest.Options{Lacks: map[drivertest.Feature]string{drivertest.ZeroAlloc: "a fault is not free"}}
			for f, why := range under.lacks {
				opt.Lacks[f] = why
			}
			if under.Name == "manual" {
				opt.Advance = func(d driver.Driver, by time.Duration) {
					d.(*faults.Driver).Driver.(*manual.Driver).Advance(by)
				}
			}
			for _, part := range parts {
				drivertest.RunSome(t, part, func(t *testing.T) driver.Driver {
					plan := bad
					plan.Seed = uint64(len(t.Name()))
					// Some tests rely on what may be otherwise, but is not where nothing
					// is in the way: that a small write goes as a whole, that a datagram
					// that has come is received at once.
					_, name, _ := strings.Cut(strings.TrimPrefix(t.Name(), "TestDriver/"), "/")
					switch {
					case strings.HasPrefix(name, "Datagram/Wait") || name == "Datagram/Abandon":
						plan = faults.Plan{}
					case strings.HasPrefix(name, "File/") || strings.HasPrefix(name, "Datagram/") || name == "End/WhileWaiting":
						plan.Short = 0
					}
					d := faults.Wrap(under.must(t), plan)
					t.Cleanup(func() {
						for kind, n := range d.Counts() {
							counts[kind] += n
						}
					})
					return d
				}, opt)
			}
			faults.Report(t, under.Name, counts, faults.Short, faults.Late, faults.Swapped)
		})
	}
}
