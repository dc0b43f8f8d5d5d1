//go:build interleave

package atomics

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// StoreRelease stores v into x. In a checked run it is explored as what it is on
// amd64: a store that waits in its thread's store buffer, where only that thread
// sees it.
func StoreRelease(x *Uint64, v uint64) {
	if !interleave.Buffer((*uint64)(unsafe.Pointer(x)), v) {
		x.Store(v)
	}
}
