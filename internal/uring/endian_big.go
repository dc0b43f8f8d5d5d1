//go:build ppc64 || s390x || mips || mips64

package uring

// pollEvents puts events where the kernel looks for them: with its halves
// swapped, so that the lower one lies where an older kernel had all of it.
func pollEvents(events uint32) uint32 { return events<<16 | events>>16 }
