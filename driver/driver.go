// Package driver is the seam between an executor and the world outside it:
// sockets, files, descriptors, the clock, and the place where an idle executor
// sleeps.
//
// # The shape
//
// A [Driver] is completion-shaped. An [Op] is submitted and finishes later: its
// result is in the Op and its waker is woken. io_uring works like that by
// itself; epoll does it with readiness and a non-blocking call, portable with
// goroutines over the standard library, a simulator with a seeded list of
// events. One program runs on all of them.
//
// Submit may finish an Op at once; then it reports true, the result is in the
// Op and no waker is woken. Otherwise the Op is in flight: it belongs to the
// driver, and nobody may change or reuse it until [Op.Done] reports true.
//
// # Streams own no buffer
//
// A task that waits for a quiet socket must not own a buffer, and a task that
// is cancelled must not have the kernel write into memory it has let go. So
// for [Recv] and [Send] the driver looks at Op.Buf and Op.Vec only inside
// Submit and never keeps them. If such an Op did not finish at once, its later
// completion carries no bytes: it says that submitting again is worth while
// (Err is [ErrAgain]). What the bytes do meanwhile is the driver's business:
// epoll leaves them in the kernel, a ring has them in its own buffer, portable
// in its bridge. Send takes what it can, at least one byte, and reports how
// much; the bytes it took are the driver's own copy or the kernel's. The same
// goes for the messages of [RecvMsgs] and [SendMsgs].
//
// For [ReadAt] and [WriteAt] the buffer is in use until the Op is done, also
// when it was cancelled.
//
// # Those who can't call Go
//
// An interrupt handler, a signal handler or a thread of C rings a [Doorbell].
//
// # Who may call what
//
// Everything but Unpark and Wall is for the goroutine that runs the executor's
// loop. Unpark is for anybody, takes no lock and allocates nothing.
package driver

import (
	"errors"
	"math"
	"time"
)

// Forever is the deadline of a Park that only an event or Unpark ends.
const Forever = int64(math.MaxInt64)

// A Handle names a descriptor that the driver holds: index below, generation
// above. A Handle that was closed is refused with ErrClosed for ever, though
// its place may be in use again. The zero Handle names nothing.
type Handle uint64

// Driver connects one executor to the outside.
type Driver interface {
	// Name is a word for logs and reports: epoll, portable, manual, uring.
	Name() string

	// Submit starts op and reports whether it is done already. Op.Done must
	// have been true, or op new. A failure is a result, too: it is in op.Err.
	Submit(op *Op) bool

	// Cancel asks for the end of an Op in flight. The Op still gets exactly
	// one completion, now or in a later Park: its result, or ErrCanceled.
	// For an Op that is not in flight Cancel does nothing.
	Cancel(op *Op)

	// Park reaps completions and wakes their wakers. If there was none, it
	// sleeps until one comes, Unpark is called, or the driver's clock reaches
	// until, an absolute reading of Now. An until in the past means: look, and
	// do not sleep. It returns the number of completions. An Unpark that came
	// since the last Park makes this one return without sleeping. An error is
	// one that the executor can't go on from.
	Park(until int64) (int, error)

	// Unpark ends the Park that sleeps now, or else the next one. Any number
	// of calls between two Parks cost at most one system call. After Close it
	// does nothing.
	Unpark()

	// Now reads the monotonic clock, in nanoseconds since a fixed point of the
	// driver's choice, never negative.
	Now() int64

	// Wall reads the wall clock.
	Wall() time.Time

	// Close closes every descriptor the driver holds and ends every Op in
	// flight with ErrClosed, without waking anybody. Afterwards Submit fails
	// with ErrClosed.
	Close() error
}

// Errors that every driver uses for the same thing.
var (
	// ErrAgain is the result of a Recv or Send that waited: submit it again.
	ErrAgain = errors.New("rouse: driver: not done; submit the operation again")
	// ErrCanceled is the result of an Op that Cancel ended.
	ErrCanceled = errors.New("rouse: driver: operation canceled")
	// ErrClosed is the result of an Op on a Handle that was closed, or on a
	// driver that was.
	ErrClosed = errors.New("rouse: driver: descriptor is closed")
	// ErrNotSupported is the result of an Op that this driver, or this
	// operating system, can't do.
	ErrNotSupported = errors.New("rouse: driver: operation not supported here")
	// ErrNoArgs is the result of an Op whose Args is nil though it needs them.
	ErrNoArgs = errors.New("rouse: driver: Op.Args is nil; this operation needs it")
	// ErrKind is the result of an Op on a Handle of the wrong kind, such as a
	// Recv on a listener.
	ErrKind = errors.New("rouse: driver: the Handle is not of a kind that this operation works on")
	// ErrNoBuffer is the result of a Recv with an empty Buf: its 0 bytes would
	// be taken for the end of the stream.
	ErrNoBuffer = errors.New("rouse: driver: Recv needs a Buf that is not empty")
	// ErrNoMessages is the result of a RecvMsgs or SendMsgs without Args.Msgs.
	ErrNoMessages = errors.New("rouse: driver: Args.Msgs is empty; there is nothing to send or to receive into")
)

// A Host is an executor that has a driver. netio and fileio find it behind
// cx.Executor().
type Host interface {
	Driver() Driver
}
