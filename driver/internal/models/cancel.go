//go:build linux && interleave

package models

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/internal/atomics"
)

// A wire is where a peer outside of the driver does something that completes an
// op. The loop looks at it before each call of the driver that does not park, so
// that the checker tries both orders.
type wire struct {
	word   atomics.Uint32
	pulled atomic.Bool // changes with what it tells of: nothing comes between
	level  bool        // the kernel tells of it for each op anew, not only for the first
}

func (x *wire) pull(f func()) {
	atomics.Kick() // the driver's kernel object sees what follows
	f()
	x.pulled.Store(true)
	x.word.Add(1)
}

// submit submits op. The kernel tells of what was there before, too.
func (w *world) submit(x *wire, op *driver.Op, told bool) bool {
	x.word.Load()
	if told && x.pulled.Load() {
		atomics.Kick()
	}
	return w.d.Submit(op)
}

// cancelling submits op, cancels it at some moment, and returns how it ended.
// The driver may or may not look at the kernel before and after.
func (w *world) cancelling(x *wire, op *driver.Op) error {
	if !w.submit(x, op, true) {
		w.mayLook()
		x.word.Load()
		w.d.Cancel(op)
		w.mayLook()
		for !op.Done() {
			w.park()
		}
	}
	if op.Err != nil && op.Err != driver.ErrCanceled && op.Err != driver.ErrAgain {
		w.Failf("%v: %v", op.Code, op.Err)
	}
	return op.Err
}

func (w *world) mayLook() {
	if w.Choose(2) == 0 {
		return
	}
	if _, err := w.d.Park(0); err != nil {
		w.Failf("Park: %v", err)
	}
}

// finishing submits op until it is done.
func (w *world) finishing(x *wire, op *driver.Op) {
	for again := true; again; again = op.Err == driver.ErrAgain {
		op.Reset()
		for done := w.submit(x, op, x.level); !done; done = op.Done() {
			w.park()
		}
	}
	if op.Err != nil {
		w.Failf("%v once more: %v", op.Code, op.Err)
	}
}

// A descriptor becomes readable while the wait for that is cancelled: the wait
// ends once, and whoever waits next is told.
func (k Kernel) cancelReadable(t *testing.T) {
	k.check(t, "cancel-readable", func(w *world) {
		x := wire{level: true}
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			panic(err)
		}
		var handle driver.Handle
		w.loop(func() {
			op := driver.Op{Code: driver.Attach, Args: &driver.Args{FD: ends[0]}}
			if w.d.Submit(&op); op.Err != nil {
				panic(op.Err)
			}
			handle = op.Handle
		}, func() {
			op := driver.Op{Code: driver.Readable, Handle: handle}
			_ = w.cancelling(&x, &op) // either end will do: the byte is still there
			again := driver.Op{Code: driver.Readable, Handle: handle}
			w.finishing(&x, &again)
			if n, err := unix.Read(ends[0], make([]byte, 2)); n != 1 {
				w.Failf("readable, and a read says %d, %v", n, err)
			}
		})
		w.Go("writer", func() {
			x.pull(func() { _, _ = unix.Write(ends[1], []byte{1}) })
		})
		w.Finally(func() {
			unix.Close(ends[0])
			unix.Close(ends[1])
		})
	})
}

// A connection comes while an Accept is cancelled: it goes to that Accept or to
// the next one.
func (k Kernel) cancelAccept(t *testing.T) {
	k.check(t, "cancel-accept", func(w *world) {
		var x wire
		port, client := newListener(), socket()
		w.loop(func() { port.listen(w.d) }, func() {
			op := driver.Op{Code: driver.Accept, Handle: port.handle, Args: &driver.Args{}}
			if w.cancelling(&x, &op) != nil {
				again := driver.Op{Code: driver.Accept, Handle: port.handle, Args: &driver.Args{}}
				w.finishing(&x, &again)
			}
		})
		w.Go("client", func() {
			x.pull(func() { port.connect(client) })
		})
		w.Finally(func() { unix.Close(client) })
	})
}

// A byte comes while a Recv is cancelled: that Recv has it, or the next one.
func (k Kernel) cancelRecv(t *testing.T) {
	k.check(t, "cancel-recv", func(w *world) {
		var x wire
		early := wire{level: true}
		port, client := newListener(), socket()
		w.loop(func() {
			port.listen(w.d)
			port.connect(client)
			early.pulled.Store(true)
		}, func() {
			accept := driver.Op{Code: driver.Accept, Handle: port.handle, Args: &driver.Args{}}
			w.finishing(&early, &accept)
			atomics.Look() // of the connection the kernel has nothing more to tell
			op := &driver.Op{Code: driver.Recv, Handle: accept.Args.Handle, Buf: make([]byte, 2)}
			if w.cancelling(&x, op) != nil {
				op = &driver.Op{Code: driver.Recv, Handle: accept.Args.Handle, Buf: make([]byte, 2)}
				w.finishing(&x, op)
			}
			if op.N != 1 || op.Buf[0] != 7 {
				w.Failf("received %v, %d bytes", op.Buf, op.N)
			}
		})
		w.Go("writer", func() {
			x.pull(func() { _, _ = unix.Write(client, []byte{7}) })
		})
		w.Finally(func() { unix.Close(client) })
	})
}

// A listener is one of the driver's, at an abstract name that is new each time.
type listener struct {
	name   string
	handle driver.Handle // the loop's
}

var listeners int

func newListener() *listener {
	listeners++
	return &listener{name: fmt.Sprintf("@rouse-model-%d-%d", os.Getpid(), listeners)}
}

func (l *listener) listen(d driver.Driver) {
	op := driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "unix", Path: l.name}}
	if d.Submit(&op); op.Err != nil {
		panic(op.Err)
	}
	l.handle = op.Handle
}

func socket() int {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return fd
}

// connect does not wait for the other side to accept.
func (l *listener) connect(fd int) {
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: l.name}); err != nil {
		panic(err)
	}
}
