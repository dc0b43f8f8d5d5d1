package drivertest

import (
	"errors"
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

func (g *game) recvOn(i int, m *move, size int) {
	if m.op.InFlight() {
		return
	}
	e, p := &g.ends[i], g.other(i)
	buf := make([]byte, size)
	if !g.submit(m, driver.Recv, e.h, buf) {
		if !e.open {
			g.Fatal("Recv on a closed Handle is in flight")
		}
		return
	}
	n, err := m.op.N, m.op.Err
	switch {
	case !e.open:
		g.wantErr(err, driver.ErrClosed)
	case err != nil:
		if !e.broken {
			g.Fatalf("Recv on a connection that is fine: %v", err)
		}
	case n == 0:
		if !e.broken && (p.open && !p.shut || e.got < p.sent) {
			g.Fatalf("Recv brings the end after %d bytes of %d", e.got, p.sent)
		}
	case n < 0 || n > size || e.got+n > p.sent:
		g.Fatalf("Recv brings %d bytes after %d, sent were %d", n, e.got, p.sent)
	default:
		for k, b := range buf[:n] {
			if b != pattern(i^1, e.got+k) {
				g.Fatalf("byte %d is %d, want %d", e.got+k, b, pattern(i^1, e.got+k))
			}
		}
		e.got += n
	}
}

func (g *game) sendOn(i, size int) {
	e, p := &g.ends[i], g.other(i)
	m := &e.send
	if m.op.InFlight() {
		return
	}
	buf := make([]byte, size)
	for k := range buf {
		buf[k] = pattern(i, e.sent+k)
	}
	if !g.submit(m, driver.Send, e.h, buf) {
		if !e.open {
			g.Fatal("Send on a closed Handle is in flight")
		}
		return
	}
	n, err := m.op.N, m.op.Err
	switch {
	case !e.open:
		g.wantErr(err, driver.ErrClosed)
	case err != nil:
		if p.open && !e.shut && !e.broken {
			g.Fatalf("Send on a connection that is fine: %v", err)
		}
	case n < 1 || n > size:
		g.Fatalf("Send of %d bytes took %d", size, n)
	case e.shut:
		g.Fatalf("Send after Shutdown took %d bytes", n)
	default:
		e.sent += n
		// A peer that is gone answers with a reset.
		e.broken = e.broken || !p.open
		for k := range buf {
			buf[k] = 0xee // it has been taken
		}
	}
}

// closeEnd closes end i. What the other one sent and was not read makes a reset
// of it.
func (g *game) closeEnd(i int, abrupt bool) {
	e, p := &g.ends[i], g.other(i)
	if !e.open {
		return
	}
	if abrupt && g.opt.Lacks[Reset] == "" {
		g.must(&driver.Op{Code: driver.SetOption, Handle: e.h, Args: &driver.Args{Option: driver.Linger, Value: 0}})
		p.broken = true
	}
	if p.sent > e.got {
		p.broken = true
	}
	e.open = false
	op := driver.Op{Code: driver.CloseHandle, Handle: e.h}
	if !g.d.Submit(&op) {
		g.Fatal("CloseHandle is in flight")
	}
	g.look() // whoever waited is done by now
}

func (g *game) endSending(i int) {
	e := &g.ends[i]
	op := driver.Op{Code: driver.Shutdown, Handle: e.h, Args: &driver.Args{How: 1}}
	if !g.d.Submit(&op) {
		g.Fatal("Shutdown is in flight")
	}
	switch {
	case !e.open:
		g.wantErr(op.Err, driver.ErrClosed)
	case op.Err == nil:
		e.shut = true
	case g.other(i).open && !e.broken && !e.shut:
		g.Fatalf("Shutdown of a connection that is fine: %v", op.Err)
	}
}

func (g *game) onListener(m *move, v int) {
	switch {
	case v == 3:
		g.abandon(m)
	case v == 2:
		g.cancel(m)
	case !m.op.InFlight():
		if g.submit(m, driver.Accept, g.l, nil) {
			g.accepted(m)
		} else if g.closed {
			g.Fatal("Accept on a closed Handle is in flight")
		}
	}
}

// accepted looks at the result of an Accept.
func (g *game) accepted(m *move) {
	switch err := m.op.Err; {
	case err == nil:
		g.shut(m.args.Handle)
	case errors.Is(err, driver.ErrCanceled): // looked at by landed
	case g.closed:
		g.wantErr(err, driver.ErrClosed)
	default:
		g.Fatalf("Accept: %v", err)
	}
}

func (g *game) closeListener() {
	if g.closed {
		return
	}
	g.closed = true
	op := driver.Op{Code: driver.CloseHandle, Handle: g.l}
	if !g.d.Submit(&op) || op.Err != nil {
		g.Fatalf("CloseHandle: %v", op.Err)
	}
	g.look()
}

func (g *game) onConnect(m *move, v int) {
	switch {
	case v == 3:
		g.abandon(m)
	case v == 2:
		g.cancel(m)
	case !m.op.InFlight():
		m.args = driver.Args{Network: "tcp", Addr: g.addr}
		m.begun = g.listeners
		if g.submit(m, driver.Connect, 0, nil) {
			g.connected(m)
		}
	}
}

func (g *game) connected(m *move) {
	switch err := m.op.Err; {
	case err == nil:
		g.shut(m.op.Handle)
	case errors.Is(err, driver.ErrCanceled):
	case !g.closed && m.begun == g.listeners:
		g.Fatalf("Connect: %v", err)
	}
}

// onFile reads or writes block k of the file, or cancels that.
func (g *game) onFile(k, v int) {
	if g.file == 0 {
		return
	}
	m := &g.fileOps[k]
	switch {
	case v == 2:
		g.cancel(m)
	case v == 3 && k == 1:
		g.must(&driver.Op{Code: driver.Stat, Handle: g.file, Args: &driver.Args{}})
	case m.op.InFlight():
	case v == 0:
		bl := &g.blocks[k]
		bl.version++
		buf := make([]byte, blockLen)
		for i := range buf {
			buf[i] = pattern(int(bl.version), i)
		}
		m.op.Off = int64(k * blockLen)
		bl.known = false
		if g.submit(m, driver.WriteAt, g.file, buf) {
			g.wrote(k)
		}
	default:
		m.op.Off = int64(k * blockLen)
		if g.submit(m, driver.ReadAt, g.file, make([]byte, blockLen)) {
			g.wrote(k)
		}
	}
}

// wrote looks at the result of a file's operation.
func (g *game) wrote(k int) {
	m, bl := &g.fileOps[k], &g.blocks[k]
	switch err := m.op.Err; {
	case errors.Is(err, driver.ErrCanceled):
		return
	case err != nil:
		g.Fatalf("%s: %v", m.op.Code, err)
	}
	if m.op.Code == driver.WriteAt {
		bl.known = m.op.N == blockLen
		return
	}
	if bl.known && m.op.N != blockLen {
		g.Fatalf("ReadAt brings %d bytes", m.op.N)
	}
	for i, b := range m.buf[:m.op.N] {
		if bl.known && b != pattern(int(bl.version), i) {
			g.Fatalf("ReadAt brings %d at %d, want %d", b, i, pattern(int(bl.version), i))
		}
	}
}

// onPipe writes to the pipe, empties it, or waits for it.
func (g *game) onPipe(v int) {
	if g.pipeHandle == 0 {
		return
	}
	switch v {
	case 0:
		if !g.pipeOp.op.InFlight() && g.submit(&g.pipeOp, driver.Readable, g.pipeHandle, nil) {
			g.seen()
		}
	case 1:
		if _, err := g.pipe[1].Write([]byte("xy")); err == nil {
			g.inPipe += 2
		}
	case 2:
		if g.inPipe > 0 {
			g.pipe[0].Read(make([]byte, 1))
			g.inPipe--
		}
	case 3:
		g.cancel(&g.pipeOp)
	}
}

func (g *game) seen() {
	if err := g.pipeOp.op.Err; err != nil && !errors.Is(err, driver.ErrCanceled) {
		g.Fatalf("Readable: %v", err)
	}
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
