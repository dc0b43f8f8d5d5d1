//go:build !interleave

package mpmc

// firstCap is the capacity of a Queue's first ring.
const firstCap = 64
