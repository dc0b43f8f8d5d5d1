//go:build !race

package interleave

// Race reports whether the race detector looks on.
const Race = false

func hide()           {}
func show()           {}
func raceErrors() int { return 0 }
