// Package netio is networking for tasks, fibers and goroutines: stream sockets,
// TCP and unix, on the executor whose driver holds their descriptors.
//
// # Two forms
//
// Everything that waits exists twice. The poll forms ([Conn.PollRead],
// [Listener.PollAccept], [Dialing], …) are for futures: they return
// rouse.Pending after having arranged for the task's waker to be woken. The
// forms with a ctx ([Conn.Read], [Listener.Accept], [Dial], …) wait: in a fiber
// they suspend the fiber, elsewhere they block the goroutine. They may be called
// from anywhere but a goroutine that runs an executor.
//
// # Home
//
// A listener or connection belongs to one executor: the one that ctx carried,
// or that polled, when it was made; an accepted connection belongs where its
// listener does. Only that executor's goroutine touches it. The ctx forms go
// there by themselves; a poll elsewhere panics. Close, the options and
// deadlines may be used from any goroutine: what can't be done here and now is
// sent home, where it arrives before anything that the caller starts
// afterwards.
//
// When the executor closes, everything that belongs to it is closed; whoever
// waits gets an error with net.ErrClosed in it.
//
// # Idle connections
//
// A connection that waits owns no buffer and no goroutine: 384 bytes, and what
// the driver keeps (epoll: 40 bytes). [Conn.PollRead] takes a buffer at each
// poll and uses it only if bytes are there, so one serves all the tasks of an
// executor.
//
// # Giving up
//
// A read, write, accept or dial that is given up, because ctx has ended or its
// task was aborted, takes effect or not at all: no byte and no connection is
// lost, and the buffer is the caller's again when the call returns.
//
// # Errors
//
// They are *[net.OpError], so that errors.Is(err, syscall.ECONNREFUSED) and the
// like work; [ErrClosed] and net.ErrClosed are in those of closed things. The
// end of a stream is io.EOF, and that of a ctx is ctx.Err() as it is.
//
// # Code for package net
//
// [Conn.NetConn] and [Listener.NetListener] make a net.Conn and a net.Listener
// of what belongs to an executor.
package netio
