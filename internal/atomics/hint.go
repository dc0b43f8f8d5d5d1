//go:build !interleave

package atomics

// Spinning tells a checked build that the caller is in a loop that waits for
// the word it loaded last to change. Otherwise it is nothing.
func Spinning() {}

// Kick tells a checked build that a system call follows which ends the sleep of
// whoever rests. Otherwise it is nothing.
func Kick() {}

// Rest tells a checked build that a system call follows in which the caller
// sleeps until it is kicked or, if timed, until its time is up. Otherwise it is
// nothing.
func Rest(timed bool) {}

// Look tells a checked build that a system call follows which does not sleep,
// and takes what would otherwise end the caller's next sleep. Otherwise it is
// nothing.
func Look() {}
