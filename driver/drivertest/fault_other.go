//go:build !linux

package drivertest

var systemFaultCases []testCase
