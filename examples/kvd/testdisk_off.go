//go:build !kvd_crashdisk || !unix

package main

import "github.com/rouse-go/rouse/executor"

// withTestDisk does nothing: only a kvd built for the crash test has its data on
// a disk that loses power.
func withTestDisk(*executor.Config, string) error { return nil }
