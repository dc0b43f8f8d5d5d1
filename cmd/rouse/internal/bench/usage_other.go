//go:build !linux

package bench

import "time"

func cpuTime() (time.Duration, bool) { return 0, false }

const canRSS = false

func peakRSS() int64    { return 0 }
func currentRSS() int64 { return 0 }

// raiseFiles has nothing to do: Go raises the soft limit where there is one.
func raiseFiles(uint64) error { return nil }
