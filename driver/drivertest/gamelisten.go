package drivertest

import (
	"errors"

	"github.com/rouse-go/rouse/driver"
)

// What the game does to its listener, and who goes there.

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
