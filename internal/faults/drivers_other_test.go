//go:build !linux

package faults_test

import "github.com/rouse-go/rouse/driver/drivertest"

func ofThisSystem() []driverUnderTest { return nil }

func lacksPortable() map[drivertest.Feature]string {
	return map[drivertest.Feature]string{
		drivertest.Descriptors:     "the standard library can't watch a descriptor",
		drivertest.ReusePort:       "the standard library has no name for it",
		drivertest.DatagramBatches: "the standard library has no name for it",
		drivertest.Abstract:        "this system has no such names",
		drivertest.Direct:          "package os has no flag for it here",
	}
}
