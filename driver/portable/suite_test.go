package portable_test

import (
	"runtime"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/driver/portable"
)

// lacks says what the standard library can't do, here.
func lacks() map[drivertest.Feature]string {
	lacks := map[drivertest.Feature]string{
		drivertest.Descriptors: "the standard library can't watch a descriptor",
		drivertest.ReusePort:   "the standard library has no name for it",
		drivertest.ZeroAlloc:   "a goroutine for each call",
		drivertest.Signals:     "the standard library makes its calls, on whatever thread",

		drivertest.DatagramBatches: "the standard library has no name for it",
	}
	switch runtime.GOOS {
	case "js", "wasip1":
		const fake = "package net imitates a network in memory here"
		lacks[drivertest.IPv6] = fake
		lacks[drivertest.Errno] = fake
		lacks[drivertest.SocketOptions] = fake
		lacks[drivertest.Abstract] = fake
		lacks[drivertest.UnixFiles] = fake
		lacks[drivertest.Datagrams] = fake
	case "linux":
	default:
		lacks[drivertest.Abstract] = "this system has no such names"
	}
	if runtime.GOOS != "linux" {
		lacks[drivertest.Direct] = "package os has no flag for it here"
	}
	return lacks
}

func open(t *testing.T) driver.Driver {
	d, err := portable.New(portable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDriver(t *testing.T) { drivertest.Run(t, open, drivertest.Options{Lacks: lacks()}) }

// What is given up; see docs/conformance.md.
func TestConformance_145_AbandonedOpsKeepTheirBuffers(t *testing.T) { some(t, "Abandon/") }
func TestConformance_146_WhatWasNotSubmittedLeavesNoTrace(t *testing.T) {
	some(t, "Cancel/Before")
	some(t, "Abandon/Un")
}

func some(t *testing.T, prefix string) {
	drivertest.RunSome(t, prefix, open, drivertest.Options{Lacks: lacks()})
}

func FuzzOrders(f *testing.F) {
	drivertest.FuzzOrders(f, func(t *testing.T) driver.Driver {
		d, err := portable.New(portable.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}, drivertest.Options{Lacks: lacks()})
}
