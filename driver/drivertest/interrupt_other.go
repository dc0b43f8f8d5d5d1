//go:build !linux

package drivertest

// interruptCases are for systems where a thread can be sent a signal by number.
var interruptCases []testCase
