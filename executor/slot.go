//go:build !interleave

package executor

// slotOf is where a goroutine looks for its seat first. It spreads addresses of
// goroutine descriptors, which are a few hundred bytes apart.
func slotOf(g uintptr) uintptr { return g>>7 ^ g>>13 }
