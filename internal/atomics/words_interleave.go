//go:build interleave

package atomics

import "unsafe"

// The words of a checked build: each method announces itself to the checker,
// waits for its turn, and does what the real one does on a real word, for the
// race detector to see. Outside a checked run, that is everywhere else in such
// a build, the announcement returns at once.

// peek32 and peek64 read a word without an edge that the race detector sees.
// Nobody else runs meanwhile.
//
//go:norace
func peek32(p unsafe.Pointer) uint64 { return uint64(*(*uint32)(p)) }

//go:norace
func peek64(p unsafe.Pointer) uint64 { return *(*uint64)(p) }

//go:norace
func peekPtr(p unsafe.Pointer) uint64 { return uint64(*(*uintptr)(p)) }
