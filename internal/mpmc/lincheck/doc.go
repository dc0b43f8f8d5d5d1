// Package lincheck checks that the queues of package mpmc are linearizable: what
// several goroutines see of a queue, one goroutine could have seen. Histories of
// their pushes and pops, with begin and end, are given to porcupine, which looks
// for an order that respects both time and the rules of a queue.
//
// All operations that succeed are checked. Empty and full are checked unless
// they overlap a push, or a pop, that had not ended: package mpmc promises
// nothing then. How many were exempted is printed.
//
// It is a module of its own because it needs porcupine.
package lincheck
