//go:build linux

package uring

import (
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// patience bounds every wait. It is far beyond what any should take.
const patience = 20 * time.Second

// start returns a driver of the test's thread, which is closed in the end.
func start(t testing.TB, cfg Config) *Driver {
	t.Helper()
	d := made(t, cfg)
	runtime.LockOSThread()
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	return d
}

// until parks until ready reports true. Park sleeps without a deadline, as an
// executor's does that has no timer, so what only a later Park would do shows.
func until(t testing.TB, d *Driver, what string, ready func() bool) {
	t.Helper()
	var late atomic.Bool
	watchdog := time.AfterFunc(patience, func() {
		late.Store(true)
		d.Unpark()
	})
	defer watchdog.Stop()
	for !ready() {
		if _, err := d.Park(driver.Forever); err != nil {
			t.Fatal(err)
		}
		if late.Load() { // also if the watchdog's own wake has brought it about
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// parkUntil parks until done is closed by a goroutine that Unparks after it.
func parkUntil(t testing.TB, d *Driver, what string, done <-chan struct{}) {
	t.Helper()
	until(t, d, what, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// run submits op until it is done.
func run(t testing.TB, d *Driver, op *driver.Op) *driver.Op {
	t.Helper()
	until(t, d, op.Code.String(), func() bool {
		if op.Done() && op.Err == driver.ErrAgain {
			op.Reset()
		}
		return op.Done() || !op.InFlight() && d.Submit(op)
	})
	return op
}

func must(t testing.TB, d *Driver, op *driver.Op) *driver.Op {
	t.Helper()
	if run(t, d, op); op.Err != nil {
		t.Fatalf("%v: %v", op.Code, op.Err)
	}
	return op
}

func shut(t testing.TB, d *Driver, h driver.Handle) {
	t.Helper()
	must(t, d, &driver.Op{Code: driver.CloseHandle, Handle: h})
}

// A server is a listener of d that Go's own sockets connect to, so that nothing
// that the peer does wakes the driver but by way of its connections.
type server struct {
	t  testing.TB
	d  *Driver
	h  driver.Handle
	at string
}

func serve(t testing.TB, d *Driver) *server {
	t.Helper()
	l := must(t, d, &driver.Op{Code: driver.Listen, Args: &driver.Args{Network: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:0")}})
	q := must(t, d, &driver.Op{Code: driver.Query, Handle: l.Handle, Args: &driver.Args{}})
	return &server{t, d, l.Handle, q.Args.Local.String()}
}

// pair returns both ends of a new connection.
func (s *server) pair() (driver.Handle, *net.TCPConn) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(2 * patience))
	acc := must(s.t, s.d, &driver.Op{Code: driver.Accept, Handle: s.h, Args: &driver.Args{}})
	return acc.Args.Handle, c.(*net.TCPConn)
}

func pair(t testing.TB, d *Driver) (driver.Handle, *net.TCPConn) {
	t.Helper()
	s := serve(t, d)
	h, c := s.pair()
	shut(t, d, s.h)
	// The listener's end must not be what ends the test's sleep.
	for range 3 {
		if _, err := d.Park(d.Now() + int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	return h, c
}

// readAll reads to the end of the stream on a goroutine, and wakes d then.
func readAll(d *Driver, c net.Conn) (got *[]byte, err *error, done chan struct{}) {
	got, err, done = new([]byte), new(error), make(chan struct{})
	go func() {
		*got, *err = io.ReadAll(c)
		close(done)
		d.Unpark()
	}()
	return got, err, done
}

// rest parks until the kernel has nothing of d's, and then checks that nothing
// is kept that nobody needs.
func rest(t testing.TB, d *Driver, slots int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		used, held, accepting := 0, 0, 0
		for _, s := range d.slots.All() {
			used++
			if s.kind == kindListener && s.in != 0 {
				accepting++
			}
			held += int(s.got.count)
		}
		requests := 0
		for range d.requests.All() {
			requests++
		}
		h := &d.hold
		if d.busy == accepting && requests == accepting && used == slots && h.armed == 0 && len(h.dry) == 0 &&
			len(d.sends.dirty) == 0 && len(d.sends.flown) == 0 && h.free+held == d.buffers.Len() {
			return
		}
		if time.Now().After(deadline) {
			for _, r := range d.requests.All() {
				t.Logf("left: %+v", *r)
			}
			t.Fatalf("at rest: busy %d, %d requests, %d slots (want %d), armed %d, dry %d, dirty %d, flown %d, %d buffers with the kernel and %d held of %d",
				d.busy, requests, used, slots, h.armed, len(h.dry), len(d.sends.dirty), len(d.sends.flown), h.free, held, d.buffers.Len())
		}
		if _, err := d.Park(d.Now() + int64(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
}
