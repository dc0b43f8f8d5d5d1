//go:build interleave

package executor

import "github.com/rouse-go/rouse/internal/interleave"

// slotOf is where the calling goroutine, which is g, looks for its seat first. In
// a model each thread has a place that no other one's search gets to: where
// goroutines are is chance, and a model must do the same each time.
func slotOf(g uintptr) uintptr {
	if n := interleave.Thread(); n > 0 {
		return 2 * uintptr(n)
	}
	return g>>7 ^ g>>13
}
