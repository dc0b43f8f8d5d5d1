//go:build !kvd_crashdisk || !unix

package main

import "github.com/rouse-go/rouse/driver"

// testDisk does nothing: only a kvd built for the crash test has its data on a
// disk that loses power.
func testDisk(string) (func(driver.Driver) driver.Driver, error) {
	return func(d driver.Driver) driver.Driver { return d }, nil
}
