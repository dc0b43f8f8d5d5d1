// Package timer has futures that wait for time to pass: [Sleep], [Timeout],
// [Interval] and their relatives.
//
// Time is the executor's. Instants are int64 nanoseconds of its monotonic
// clock, as cx.Now() returns them; durations are [time.Duration] and count from
// a fresh reading of the clock at the first poll. Deadlines are rounded up to
// the executor's tick (1 ms unless configured), so a timer is never early, and
// late by up to one tick and the length of a turn of the loop.
//
// Arming and dropping a timer take constant time and allocate nothing. Every
// future here belongs to the executor that first polls it, holds a place in
// that executor's wheel while it is pending, and so is polled to its end or
// dropped.
//
// In direct style a fiber, or any goroutine, awaits them:
//
//	rouse.Await(ctx, timer.Sleep(time.Second))
//
// and [WithTimeout] derives a ctx whose deadline the executor's wheel keeps.
package timer
