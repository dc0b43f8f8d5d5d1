// Package mpmc has first-in, first-out queues for any number of producers and
// consumers: [Ring], of fixed capacity, and [Queue], without a bound. Neither
// takes a lock or waits for anybody. Full and empty are results.
//
// # Source
//
// The ring is Dmitry Vyukov's bounded MPMC queue (1024cores.net, 2011), with
// positions made of lap and index, as in crossbeam's ArrayQueue, so that any
// capacity will do, also 1 and those that are no power of two. The queue
// chains such rings in the way in which LCRQ chains its own (Morrison and Afek,
// "Fast concurrent queues for x86 processors", PPoPP 2013): a ring that is
// found full is closed for ever and followed by another.
//
// # A slot's turn
//
// A position is a number that only grows: the lap in the high bits, the index
// of the slot in the low ones. tail is the position of the next push, head that
// of the next pop. Each slot has a turn, which says who may touch its element:
//
//	turn == p         free: the push at position p may take it
//	turn == p + 1     full: the pop at position p may take it
//	turn == p + lap   free for the push of the next lap
//
// Who moves tail from p to the next position, by compare-and-swap, has the slot
// of p to himself until he sets its turn to p+1. So pushing is a swap, a plain
// store of the element, and a store of the turn; popping mirrors it. No position
// is ever used twice (there are 2^62 of them), so a swap that succeeds late
// still means what it meant when it began: that is what stands against ABA.
//
// # What may be seen
//
// Every push and pop that succeeds takes effect at one moment between its begin
// and its end, in first-in, first-out order. A pop reports empty if the slot at
// head isn't full. That is so if the queue is empty, and also while the push
// that took this slot has begun and not ended: a goroutine that is preempted
// there hides the elements behind its own until it goes on. Likewise a push
// reports full while the pop that took its slot a lap ago has not ended. Who
// builds waiting on top therefore lets whoever finishes a slot do the waking,
// and lets who is woken look whether there is more. Empty and Full, on the other
// hand, count what is on its way.
//
// A consumer that is stalled in the midst of a pop keeps one slot from being
// used again, and producers go on until they come around to it. A producer
// stalled in the midst of a push keeps nobody from pushing.
//
// # Pairs of atomics
//
//   - The store of the turn at the end of a push, with the load of it at the
//     begin of the pop: the element is visible, and was written before.
//   - The store of the turn at the end of a pop, with the load of it at the begin
//     of the next lap's push: the element has been read and cleared.
//   - tail's and head's swaps, with each other's: each position is taken once.
//   - tail's swap in a push, with Empty's load of it: a push that takes its position
//     later sees what the caller of Empty stored before. Likewise head's, with
//     Full's.
//   - Close's Or of tail, with a push's swap: a push either has its position
//     before the close, or none.
//   - Queue: the swap of a ring's next, with the load of it in Pop and Push: the
//     new ring, and the element that stands in it already.
//
// # Loose rings
//
// On amd64 half of what a push costs is the store of the turn, an exchange, though
// a plain move would be enough to publish the element. What a move doesn't do is
// keep loads that come after it from being done before: who publishes and then
// looks for waiters may find none, while one enters who does not see the element
// yet. But the swap that took the position is a fence as well, so a loose ring
// passes its slots on by moves, and waiters go by the positions: who has entered
// and then finds by Empty that none is taken is seen by all who take one later;
// and if one is taken he doesn't sleep, since its push is about to end. The array
// channel of Rust's crossbeam waits so: a release store of the stamp, and emptiness
// told by head and tail. A loose ring by itself is not linearizable: for an instant
// a pop may find nothing though the push has returned. Empty and Full are exact, so
// package channel asks them before it says so.
//
// # Interrupts
//
// Ring.Push allocates nothing, takes no lock and waits for nobody, also not for
// a push that it has interrupted on the same thread: it takes the next slot. It
// is a loop only because of swaps that fail, and each failure means that another
// push has succeeded. Offer is one round of the loop.
package mpmc
