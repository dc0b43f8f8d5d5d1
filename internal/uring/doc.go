// Package uring is a thin binding of Linux's io_uring: rings, entries, buffer
// rings, registered files, and what of it this kernel has. It has no policy
// and keeps no list of operations; driver/uring does.
//
// # The two queues
//
// A [Ring] is two queues in memory that we share with the kernel. We write
// requests ([SQE]) at the submission queue's tail and tell the kernel with
// [Ring.Enter], which is the only system call of the steady state; it also
// waits. Results ([CQE]) stand in the completion queue. Of the four counters
// the kernel moves two, the submission head and the completion tail; each is
// read with one atomic load and each of ours is published with one atomic
// store, which pair with the kernel's release and acquire.
//
// # Whose memory
//
// A request names memory by its address, and the kernel uses it until the
// request's terminal completion: the one without [CQEMore], or for a send
// without copying the notification. The caller keeps that memory reachable
// until then, and it must never be a goroutine's stack, which moves. The
// binding itself gives the kernel nothing but fields of Ring, which lives on
// the heap as long as the ring.
//
// # One thread
//
// Everything but [Ring.Message] and [Ring.FD] is for one goroutine, locked to
// its thread. With [SetupSingleIssuer] the kernel insists on that: the thread
// that calls [Ring.Enable] is the one.
package uring
