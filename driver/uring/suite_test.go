//go:build linux

package uring_test

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/uring"
)

// open returns a driver, or skips where there is no io_uring.
func open(t testing.TB, cfg uring.Config) *uring.Driver {
	d, err := uring.New(cfg)
	if errors.Is(err, driver.ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDriver(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver { return open(t, uring.Config{}) }, drivertest.Options{})
}

// What is given up, and what the system interrupts; see docs/conformance.md.
func TestConformance_145_AbandonedOpsKeepTheirBuffers(t *testing.T) { some(t, "Abandon/") }
func TestConformance_146_WhatWasNotSubmittedLeavesNoTrace(t *testing.T) {
	some(t, "Cancel/Before")
	some(t, "Abandon/Un")
}
func TestConformance_148_InterruptedCallsAreRetried(t *testing.T) { some(t, "Interrupt/") }

func some(t *testing.T, prefix string) {
	drivertest.RunSome(t, prefix, func(t *testing.T) driver.Driver { return open(t, uring.Config{}) }, drivertest.Options{})
}

func FuzzOrders(f *testing.F) {
	drivertest.FuzzOrders(f, func(t *testing.T) driver.Driver {
		return open(t, uring.Config{Entries: 8, Buffers: 64, BufferSize: 1024})
	}, drivertest.Options{})
}
