// Package census counts, for leak checks, what this process has open and what an
// owner had left when it was closed and everything in it should have been gone.
//
// Nothing here is on a path that is taken often. What there are few of, such as
// rings, is counted when it is made and when it is closed. What there are many of,
// such as tasks, an executor or driver keeps anyway: it is counted by its owner
// once, after the owner has ended all of it, and whatever is there then has been
// lost. A count of each task or operation as it comes and goes would not only
// cost something: shared by all executors it would put what they do in an order,
// and so hide data races from the race detector.
//
// The counts are plain sync/atomic, also in a checked build: the model checker
// should not try orders of them.
package census

import "sync/atomic"

// A Count is a number of things. Any goroutine may use it.
type Count struct{ n atomic.Int64 }

// Add adds n, which may be negative.
func (c *Count) Add(n int) { c.n.Add(int64(n)) }

// Now returns the number.
func (c *Count) Now() int { return int(c.n.Load()) }

var (
	// Executors are those that were made and not closed.
	Executors Count
	// Rings are io_uring instances that were made and not closed.
	Rings Count
	// Tasks are those that lived on after their executor had dropped all.
	Tasks Count
	// Fibers are those that had not ended when their executor closed: abandoned
	// ones, and if there is a fault, others.
	Fibers Count
	// Timers are alarms that were set when every task that could have set one
	// had been dropped.
	Timers Count
	// Ops are records of operations that a driver's Close could not get back
	// from the kernel or from a thread.
	Ops Count
)

// Kinds returns every Count under its name.
func Kinds() map[string]*Count {
	return map[string]*Count{
		"executors": &Executors,
		"rings":     &Rings,
		"tasks":     &Tasks,
		"fibers":    &Fibers,
		"timers":    &Timers,
		"ops":       &Ops,
	}
}
