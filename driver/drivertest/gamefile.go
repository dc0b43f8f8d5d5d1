package drivertest

import (
	"errors"

	"github.com/rouse-go/rouse/driver"
)

// What the game does to its file and its pipe.

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
