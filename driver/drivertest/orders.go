package drivertest

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/rouse-go/rouse/driver"
)

// FuzzOrders does what its input says to a new driver: each byte is one step,
// what is done (high four bits) and to whom (low four). Operations are
// submitted, cancelled, abandoned, their Handles closed, peers send, end and
// break off, in any order. After each step it compares with a model of what must
// hold: every operation that was in flight ends exactly once, with an error that
// fits, and wakes once, or not at all if it was done at once; buffers are not
// looked at after Submit; bytes arrive in order, and none is lost unless the
// connection broke. In the end everything that was sent arrives, and nothing is
// left.
//
//	func FuzzOrders(f *testing.F) { drivertest.FuzzOrders(f, open, options) }
//
// Run it with -fuzzminimizetime=10x: what a driver runs through differs from run
// to run, so shrinking inputs that found coverage otherwise takes all the time.
func FuzzOrders(f *testing.F, open func(t *testing.T) driver.Driver, opt Options) {
	for _, seed := range orderSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		check := leaks(t)
		g := newGame(newWorld(t, open(t), opt))
		t.Cleanup(func() { g.d.Close() })
		for _, b := range steps[:min(len(steps), 200)] {
			g.step(b)
			g.look()
		}
		g.finish()
		check()
	})
}

// orderSeeds are a few plays that reach everything.
func orderSeeds() (seeds [][]byte) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	seeds = append(seeds, every)
	back := slices.Clone(every)
	slices.Reverse(back)
	seeds = append(seeds, back)
	// Reads that wait and are told; cancelled ones; closed under them.
	seeds = append(seeds,
		[]byte{0x00, 0x40, 0x21},
		[]byte{0x00, 0x04, 0x40, 0x03, 0x21, 0x2a},
		[]byte{0x2c, 0x2c, 0x2c, 0x2c, 0x40, 0x2c, 0x2c, 0x2c, 0x2c, 0x40, 0x2c, 0x2c, 0x2c, 0x2c},
		[]byte{0x00, 0x40, 0x21, 0x40, 0x00, 0x40, 0x80, 0x40},
		[]byte{0x00, 0x04, 0x60, 0x64, 0x40, 0x21, 0x60, 0x40, 0x00},
		[]byte{0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x70, 0x80, 0x01, 0x40, 0x01, 0x40},
		[]byte{0x2d, 0x00, 0x90, 0x01, 0x40, 0x21, 0x40, 0x01},
		[]byte{0xb0, 0xb4, 0xc0, 0xc4, 0x40, 0xb8, 0xcc, 0x40, 0xf0, 0x40},
		[]byte{0xd0, 0x21, 0x40, 0x00, 0xe0, 0xe4, 0xe8, 0x40, 0xec, 0x40},
		[]byte{0x30, 0x34, 0x40, 0x38, 0x40, 0x3c, 0x40},
	)
	return seeds
}

// A move is one operation that the game makes again and again.
type move struct {
	op       driver.Op
	args     driver.Args
	n        *counter
	woken    int64 // as often as it has been looked at
	flying   bool
	canceled bool   // Cancel or Abandon was called
	orphan   bool   // Abandon was
	buf      []byte // what Submit was given
	canary   byte   // what buf was filled with after Submit
	begun    int    // the listener that a Connect goes to, as game counts them
}

// submit starts m, and reports whether it is done at once.
func (g *game) submit(m *move, code driver.Code, h driver.Handle, buf []byte) bool {
	if m.op.Done() {
		m.op.Reset()
	}
	n, cx := counted()
	m.n, m.woken, m.canceled = n, 0, false
	m.op.Code, m.op.Handle, m.op.Buf, m.op.Args, m.buf = code, h, buf, &m.args, buf
	if m.op.Poll(cx, g.d) {
		if n.n.Load() != 0 {
			g.Fatalf("%s was done at once, and woke", code)
		}
		return true
	}
	if !m.op.InFlight() {
		g.Fatalf("%s is neither done nor in flight", code)
	}
	m.flying = true
	if code == driver.Recv || code == driver.Send {
		// Nobody may look at it any more: who does sends, or spoils, canaries.
		m.canary++
		for i := range buf {
			buf[i] = m.canary
		}
		m.op.Buf = nil
	}
	return false
}

// landed reports whether m, which was in flight, has ended since the last look.
// closed says that its Handle was.
func (g *game) landed(m *move, closed bool) bool {
	if !m.flying {
		return false
	}
	woken := m.n.n.Load()
	if m.op.InFlight() {
		if woken != 0 {
			g.Fatalf("%s is in flight and woke %d times", m.op.Code, woken)
		}
		if closed && m.op.Code < driver.Open {
			g.Fatalf("%s is in flight though its Handle was closed", m.op.Code)
		}
		return false
	}
	m.flying = false
	switch {
	case m.orphan:
		if m.orphan = false; woken != 0 {
			g.Fatalf("an abandoned %s woke %d times", m.op.Code, woken)
		}
		return false
	case !m.op.Done():
		g.Fatalf("%s is not in flight and not done", m.op.Code)
	case woken != 1:
		g.Fatalf("%s ended and woke %d times", m.op.Code, woken)
	}
	for _, b := range m.buf {
		if (m.op.Code == driver.Recv || m.op.Code == driver.Send) && b != m.canary {
			g.Fatalf("the buffer of a %s that waited was written to", m.op.Code)
		}
	}
	err := m.op.Err
	switch {
	case errors.Is(err, driver.ErrCanceled) && !m.canceled:
		g.Fatalf("%s that nobody cancelled: %v", m.op.Code, err)
	case errors.Is(err, driver.ErrClosed) && !closed:
		g.Fatalf("%s whose Handle is open: %v", m.op.Code, err)
	case (m.op.Code == driver.Recv || m.op.Code == driver.Send) && (err == nil || m.op.N != 0):
		g.Fatalf("%s that waited completes with %d, %v", m.op.Code, m.op.N, err)
	}
	return true
}

// cancel asks for the end of m.
func (g *game) cancel(m *move) {
	if m.flying {
		m.canceled = true
	}
	g.d.Cancel(&m.op)
}

// abandon leaves m to the driver.
func (g *game) abandon(m *move) {
	if m.op.InFlight() {
		m.canceled, m.orphan = true, true
	}
	m.op.Abandon(g.d)
}

// finish ends the game: everybody who waits gets his due, then the driver closes
// with operations in flight.
func (g *game) finish() {
	g.drain()
	flying := map[*move]bool{}
	for _, m := range g.moves() {
		if m.op.InFlight() {
			flying[m] = true
		}
	}
	g.close()
	for _, f := range g.pipe {
		if f != nil {
			f.Close()
		}
	}
	for m := range flying {
		if !m.op.Done() {
			g.Fatalf("%s is not done after Close", m.op.Code)
		}
		if n := m.n.n.Load(); n != 0 {
			g.Fatalf("Close woke who waited for %s, %d times", m.op.Code, n)
		}
	}
}

// park looks for completions, and lets some time go by if rest is set.
func (g *game) park(rest bool) {
	if _, err := g.d.Park(0); err != nil {
		g.Fatalf("Park: %v", err)
	}
	if rest {
		time.Sleep(100 * time.Microsecond)
		g.park(false)
	}
}
