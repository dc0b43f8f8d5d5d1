//go:build interleave

package atomics

import (
	"unsafe"

	"github.com/rouse-go/rouse/internal/interleave"
)

// Spinning says that the caller is in a loop that waits for the word it loaded
// last to change.
func Spinning() { interleave.Spinning() }

// kernel is where threads of a model rest in system calls: one at a time.
var kernel [8]byte

// Kick says that a system call follows which ends the sleep of whoever rests.
func Kick() { interleave.Signal(interleave.Unpark, uintptr(unsafe.Pointer(&kernel))) }

// Rest says that a system call follows in which the caller sleeps until it is
// kicked or, if timed, until its time is up. In a checked run it does that
// sleeping itself, so the system call should find what it waits for.
func Rest(timed bool) {
	kind := interleave.Park
	if timed {
		kind = interleave.ParkOrTimeout
	}
	interleave.Wait(kind, uintptr(unsafe.Pointer(&kernel)))
}

// Look says that a system call follows which does not sleep, and takes what
// would otherwise end the caller's next sleep.
func Look() { interleave.Wait(interleave.Look, uintptr(unsafe.Pointer(&kernel))) }
