// Package interleave is a model checker for the lock-free protocols of this
// module: it runs their real code under a scheduler of its own, which holds
// every thread at each atomic operation and lets one go on at a time, and it
// explores the orders in which that can happen.
//
// # What it relies on
//
// Go's atomic operations are sequentially consistent, so a program without data
// races behaves as some interleaving of its threads, and since plain accesses
// of such a program are ordered by the atomic ones, it is enough to switch
// threads at those. That there are no data races is checked as well: under the
// race detector the same schedules are run while the scheduler's own hand-over
// is hidden from the detector, so that an access which only the scheduler
// ordered is reported.
//
// One operation is weaker: [atomics.StoreRelease], which waits in a store buffer.
// When it leaves that is a step like others, see buffer.go: what is explored are all
// interleavings of threads and store buffers, which is x86-TSO.
//
// The words of internal/atomics are aliases of those of sync/atomic. With the
// build tag interleave they are others, which call [Begin] and [End] around the
// real operation; a goroutine that no checked run knows passes at once.
//
// # How it explores
//
// Without a bound by dynamic partial-order reduction, see dpor.go: every order
// of dependent operations is tried, orders of independent ones are not. With a
// bound on preemptions, see bounded.go, for models that are too large for that.
// Beyond it at random, see pct.go. Tests compare the three with each other and
// with plain enumeration on random programs.
//
// # What fails
//
// A model says what must hold: [World.Failf]. A panic fails, too, and a
// deadlock: every thread that has not ended waits in a [Parker], for a token
// or in a spinning loop; that is how a lost wake shows. More steps than
// [Config.Steps] are a livelock. A failing schedule is replayed for a
// transcript, with as few preemptions as a short search finds, and is printed
// in a form that replays it again.
//
// # Where the idea comes from
//
// CHESS (M. Musuvathi, S. Qadeer and others, Finding and Reproducing
// Heisenbugs in Concurrent Programs, OSDI 2008) runs the real code of a
// program; loom, of the Tokio project, replaces the atomic types of a library
// under a build flag; shuttle and Coyote explore at random with replay.
package interleave
