package drivertest

import (
	"net/netip"
	"os"
	"path/filepath"

	"github.com/rouse-go/rouse/driver"
)

// A game is the model of FuzzOrders: two connections, a listener, a file and a
// pipe, and what is known of them.
type game struct {
	*world
	ends      [4]end // 0 and 1 are a connection, 2 and 3 the other one
	l         driver.Handle
	addr      netip.AddrPort
	closed    bool // the listener
	listeners int  // how many listeners there have been
	opened    int  // connections made in the game

	accepts, connects [2]move
	file              driver.Handle
	fileOps           [2]move
	blocks            [2]extent
	pipe              [2]*os.File
	pipeHandle        driver.Handle
	pipeOp            move
	inPipe            int
}

// An end is one end of a connection.
type end struct {
	h         driver.Handle
	open      bool
	recv      [2]move
	send      move
	sent, got int  // bytes that Send took, that Recv brought
	shut      bool // it has ended sending
	broken    bool // the other end may have broken off: bytes may be lost
}

// An extent is a part of the file, which one fileOp works on.
type extent struct {
	version byte
	known   bool
}

const blockLen = 3000

func newGame(w *world) *game {
	g := &game{world: w}
	g.listenAgain()
	g.connectAgain(0)
	g.connectAgain(2)
	if w.opt.Lacks[Files] == "" {
		g.file = w.openFile(filepath.Join(w.TempDir(), "f"), os.O_RDWR|os.O_CREATE)
	}
	if w.opt.Lacks[Descriptors] == "" {
		g.pipe[0], g.pipe[1] = w.pipe()
		g.pipeHandle = w.attach(g.pipe[0])
	}
	return g
}

func (g *game) listenAgain() {
	g.l, g.addr = g.listen()
	g.closed = false
	g.listeners++
}

// connectAgain makes a new connection of ends i and i+1.
func (g *game) connectAgain(i int) {
	g.opened++
	l, addr := g.listen()
	a, b := g.connect(l, addr)
	g.shut(l)
	for k, h := range []driver.Handle{a, b} {
		e := &g.ends[i+k]
		e.h, e.open, e.sent, e.got, e.shut, e.broken = h, true, 0, 0, false, false
	}
}

func (g *game) other(i int) *end { return &g.ends[i^1] }

// moves returns all of them.
func (g *game) moves() (all []*move) {
	for i := range g.ends {
		e := &g.ends[i]
		all = append(all, &e.recv[0], &e.recv[1], &e.send)
	}
	for i := range 2 {
		all = append(all, &g.accepts[i], &g.connects[i], &g.fileOps[i])
	}
	return append(all, &g.pipeOp)
}

var sizes = [4]int{1, 90, 5000, 70_000}

// step does what b says.
func (g *game) step(b byte) {
	i, v := int(b&3), int(b>>2&3)
	e := &g.ends[i]
	switch b >> 4 {
	case 0, 1:
		g.recvOn(i, &e.recv[v&1], sizes[(v+int(b>>4))&3])
	case 2:
		g.sendOn(i, sizes[v])
	case 3:
		g.onPipe(v)
	case 4:
		g.park(false)
	case 5:
		g.park(true)
	case 6:
		g.cancel(&e.recv[v&1])
	case 7:
		g.cancel(&e.send)
	case 8:
		g.closeEnd(i, false)
	case 9:
		g.closeEnd(i, true)
	case 10:
		g.endSending(i)
	case 11:
		g.onListener(&g.accepts[i&1], v)
	case 12:
		g.onConnect(&g.connects[i&1], v)
	case 13:
		g.abandon(&e.recv[v&1])
	case 14:
		g.onFile(i&1, v)
	case 15:
		switch {
		case v == 0:
			g.closeListener()
		case v == 1 && g.closed:
			g.listenAgain()
		case v == 2:
			g.d.Unpark()
		case v == 3 && !e.open && !g.other(i).open && g.opened < 8 && g.idle(i):
			g.connectAgain(i &^ 1)
		}
	}
}

// idle reports whether nothing of ends i and its other is in flight.
func (g *game) idle(i int) bool {
	for _, e := range []*end{&g.ends[i], g.other(i)} {
		if e.recv[0].op.InFlight() || e.recv[1].op.InFlight() || e.send.op.InFlight() {
			return false
		}
	}
	return true
}

// look looks at everything that was in flight.
func (g *game) look() {
	for i := range g.ends {
		e := &g.ends[i]
		g.landed(&e.recv[0], !e.open)
		g.landed(&e.recv[1], !e.open)
		g.landed(&e.send, !e.open)
	}
	for i := range 2 {
		if g.landed(&g.accepts[i], g.closed) {
			g.accepted(&g.accepts[i])
		}
		if g.landed(&g.connects[i], false) {
			g.connected(&g.connects[i])
		}
		if g.landed(&g.fileOps[i], false) {
			g.wrote(i)
		}
	}
	if g.landed(&g.pipeOp, false) {
		g.seen()
	}
}

// drain reads what is left on connections that did not break: all that was sent
// is there, and then the end if the other side has ended.
func (g *game) drain() {
	for i := range g.ends {
		e, p := &g.ends[i], g.other(i)
		if !e.open || e.broken {
			continue
		}
		m := &e.recv[0]
		g.until("the rest of what was sent", func() bool {
			g.look()
			for e.got < p.sent {
				before := e.got
				if g.recvOn(i, m, 50_000); e.got == before {
					return false
				}
			}
			return true
		})
		if p.open {
			g.until("the Send that waits for room", func() bool {
				g.look()
				return !p.send.op.InFlight()
			})
			if !p.shut {
				continue
			}
		}
		g.until("the end of the stream", func() bool {
			g.look()
			g.recvOn(i, m, 10)
			return m.op.Done() && m.op.Err == nil && m.op.N == 0
		})
	}
	if g.inPipe > 0 {
		g.until("Readable", func() bool {
			g.look()
			if !g.pipeOp.op.InFlight() && !(g.pipeOp.op.Done() && g.pipeOp.op.Err == nil) && g.submit(&g.pipeOp, driver.Readable, g.pipeHandle, nil) {
				g.seen()
			}
			return g.pipeOp.op.Done() && g.pipeOp.op.Err == nil
		})
	}
	// A cancelled or abandoned operation ends without any help.
	g.until("the end of what was cancelled", func() bool {
		g.look()
		for _, m := range g.moves() {
			if m.op.InFlight() && m.canceled {
				return false
			}
		}
		return true
	})
}
