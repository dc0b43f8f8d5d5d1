//go:build interleave

package atomics

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// StoreRelease stores v into x. In a checked run it is explored as what it is on
// amd64, too: a store that others see only when its thread comes to its next
// operation that isn't a load, while the thread itself sees it at once.
func StoreRelease(x *Uint64, v uint64) {
	if !interleave.Delay(uintptr(unsafe.Pointer(x)), v, func() { x.Store(v) }) {
		x.Store(v)
	}
}
