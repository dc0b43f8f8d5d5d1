package drivertest

import (
	"github.com/rouse-go/rouse/driver"
)

// What the game does to connections.

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
