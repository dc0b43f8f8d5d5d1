//go:build interleave

package mpmc

// firstCap is the capacity of a Queue's first ring: so small in a checked build
// that models come to the second and the third.
const firstCap = 2
