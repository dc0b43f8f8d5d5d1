//go:build !interleave

package atomics

import "sync"

// Mutex is [sync.Mutex], for the few places off the hot paths that take one and
// that a checked build shall know of.
type Mutex = sync.Mutex
