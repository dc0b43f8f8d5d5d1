package manual_test

import (
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/manual"
)

func open(t *testing.T, cfg manual.Config) *manual.Driver {
	d, err := manual.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var options = drivertest.Options{
	Lacks: map[drivertest.Feature]string{
		drivertest.RealClock:   "its clock is manual",
		drivertest.Direct:      "there are no files",
		drivertest.Files:       "it does nothing outside its memory",
		drivertest.Descriptors: "it does nothing outside its memory",
		drivertest.Unix:        "it has no file system to put paths in",
		drivertest.ReusePort:   "its listeners do not share",
		drivertest.Limits:      "it has no descriptors",
		drivertest.Signals:     "it makes no system call",
	},
	Advance: func(d driver.Driver, by time.Duration) { d.(*manual.Driver).Advance(by) },
}

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver { return open(t, manual.Config{}) }, options)
}

func TestDriverAutoAdvance(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver { return open(t, manual.Config{AutoAdvance: true}) }, options)
}

func TestAutoAdvanceJumps(t *testing.T) {
	d := open(t, manual.Config{AutoAdvance: true})
	defer d.Close()
	start := time.Now()
	for i := range int64(1000) {
		if _, err := d.Park((i + 1) * int64(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if want := (i + 1) * int64(time.Hour); d.Now() != want {
			t.Fatalf("the clock reads %d, want %d", d.Now(), want)
		}
	}
	if took := time.Since(start); took > time.Minute { // far less than one of them
		t.Errorf("a thousand virtual hours took %v", took)
	}
	d.AdvanceTo(5) // in the past
	if d.Now() != 1000*int64(time.Hour) {
		t.Error("the clock went back")
	}
	// What was notified comes before the jump.
	now := d.Now()
	if d.Park(now + 1); d.Now() != now {
		t.Error("the clock jumped over a notification")
	}
}

// What is given up; see docs/conformance.md.
func TestConformance_145_AbandonedOpsKeepTheirBuffers(t *testing.T) { some(t, "Abandon/") }
func TestConformance_146_WhatWasNotSubmittedLeavesNoTrace(t *testing.T) {
	some(t, "Cancel/Before")
	some(t, "Abandon/Un")
}

func some(t *testing.T, prefix string) {
	drivertest.RunSome(t, prefix, func(t *testing.T) driver.Driver { return open(t, manual.Config{}) }, options)
}

func FuzzOrders(f *testing.F) {
	drivertest.FuzzOrders(f, func(t *testing.T) driver.Driver { return open(t, manual.Config{Buffer: 4 << 10}) }, options)
}
