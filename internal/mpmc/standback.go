package mpmc

// defaultBack is some hundred nanoseconds at first, and two microseconds at last.
const defaultBack = 256

// Patience sets how long a push or pop stands back when another has won a place
// before it: so many empty loops, some four a nanosecond, and up to sixteen times
// as many if it happens again. Whoever was quicker has the cache line now, and
// moves many elements with it instead of one: the longer, the more throughput,
// and the more delay for who lost. Call it before the ring is used.
func (r *Ring[T]) Patience(loops int) { r.back = loops }

// StandBack lets a moment pass after a loss, the first being 0.
func (r *Ring[T]) StandBack(try int) { Spin(r.back << min(try, 4)) }

// Spin lets a moment pass: n empty loops.
//
//go:noinline
func Spin(n int) {
	for range n {
	}
}
