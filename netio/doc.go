// Package netio is networking for tasks, fibers and goroutines: TCP and unix
// streams, UDP datagrams and names, on the executor whose driver holds the
// descriptors.
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
// A listener, connection or datagram socket belongs to one executor: the one
// that ctx carried, or that polled, when it was made; an accepted connection
// belongs where its listener does. Only that executor's goroutine touches it. The ctx forms go
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
// the driver keeps (epoll: 40 bytes, uring: 136 and what the kernel keeps). [Conn.PollRead] takes a buffer at each
// poll and uses it only if bytes are there, so one serves all the tasks of an
// executor.
//
// # Datagrams
//
// [ListenPacket] and [DialPacket] make a [PacketConn], which sends and receives
// one datagram or many at once: [PacketConn.PollRecvMsgs] and
// [PacketConn.PollSendMsgs] take an array of [Message], for one system call
// where the driver can.
//
// # Names
//
// [Dial] and [DialPacket] take names; [Resolve] tells their IPs. A look-up
// blocks, and so runs on a goroutine of the executor's pool; what it found is
// believed for 30 seconds, see [Resolver]. The IPs of a name race as in RFC
// 8305, see [Dialer.Dial]. To listen, one has to know the IP.
//
// # Giving up
//
// A read, write, accept or dial that is given up, because ctx has ended or its
// task was aborted, takes effect or not at all: no byte, no datagram and no
// connection is lost, and the buffer is the caller's again when the call
// returns.
//
// # Errors
//
// They are *[net.OpError], so that errors.Is(err, syscall.ECONNREFUSED) and the
// like work; [ErrClosed] and net.ErrClosed are in those of closed things. The
// end of a stream is io.EOF, and that of a ctx is ctx.Err() as it is.
//
// # Code for package net
//
// [Conn.NetConn], [Listener.NetListener] and [PacketConn.NetPacketConn] make a
// net.Conn, a net.Listener and a net.PacketConn of what belongs to an executor.
// A library that starts goroutines goes on doing so: http.Serve has one for each
// connection, and every Read and Write of it goes to the executor and back. That
// is what a view costs; it brings a library in, and no speed.
package netio
