//go:build race

package interleave

import "runtime"

// Race reports whether the race detector looks on.
const Race = true

// hide and show bracket what the detector shall not take for synchronisation:
// the hand-over between threads. It still sees the protocol's own atomics, so
// only they order plain accesses.
func hide() { runtime.RaceDisable() }
func show() { runtime.RaceEnable() }

// raceErrors returns the number of races reported so far.
func raceErrors() int { return runtime.RaceErrors() }
