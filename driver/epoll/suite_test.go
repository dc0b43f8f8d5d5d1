//go:build linux

package epoll_test

import (
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
)

func fresh(t *testing.T) driver.Driver { return open(t) }

func TestDriver(t *testing.T) { drivertest.Run(t, fresh, drivertest.Options{}) }

// What is given up, and what the system interrupts; see docs/conformance.md.
func TestConformance_145_AbandonedOpsKeepTheirBuffers(t *testing.T) { some(t, "Abandon/") }
func TestConformance_146_WhatWasNotSubmittedLeavesNoTrace(t *testing.T) {
	some(t, "Cancel/Before")
	some(t, "Abandon/Un")
}
func TestConformance_148_InterruptedCallsAreRetried(t *testing.T) { some(t, "Interrupt/") }

func some(t *testing.T, prefix string) { drivertest.RunSome(t, prefix, fresh, drivertest.Options{}) }

func FuzzOrders(f *testing.F) { drivertest.FuzzOrders(f, fresh, drivertest.Options{}) }
