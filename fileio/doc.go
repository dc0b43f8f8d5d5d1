// Package fileio is files for tasks, fibers and goroutines, on the executor
// whose driver holds their descriptors.
package fileio
