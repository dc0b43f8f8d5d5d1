//go:build interleave

package atomics

import "unsafe"

// LoadUint64 is [atomic.LoadUint64], for a word in memory that is not Go's own.
func LoadUint64(p *uint64) uint64 { return (*Uint64)(unsafe.Pointer(p)).Load() }

// SwapUint64 is [atomic.SwapUint64].
func SwapUint64(p *uint64, val uint64) uint64 { return (*Uint64)(unsafe.Pointer(p)).Swap(val) }

// OrUint64 is [atomic.OrUint64].
func OrUint64(p *uint64, mask uint64) uint64 { return (*Uint64)(unsafe.Pointer(p)).Or(mask) }
