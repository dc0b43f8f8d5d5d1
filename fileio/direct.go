package fileio

import (
	"errors"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
)

// Direct I/O wants aligned addresses, offsets and lengths. What is aligned goes
// straight. A read that isn't is made through a window: an aligned piece of the
// file that is read into a buffer of ours. A write of whole blocks from an
// address that isn't aligned goes through such a buffer, too. A write of parts
// of blocks is a patch: it reads the blocks at both ends first and writes them
// whole. Patches go one at a time, since two of them might share a block; and if
// one is at the file's end, the rest of its last block is cut off again, unless
// somebody has written beyond it meanwhile.

// windowSize is the most that one window holds.
const windowSize = 256 << 10

// A detour is what a transfer of a direct file has besides.
type detour struct {
	window *Buffer
	place  place
	args   *driver.Args
	step   patchStep
	size   int64 // of the file, before
	top    int64 // the end of what was written in whole blocks, at most
	err    error // why patching has ended early
	alone  bool  // the owner has given up: no more of p is to go

	listed               bool // with the gate, as a write of whole blocks
	nextWhole, prevWhole *transfer
}

// patchStep is how far the patching of a window has come.
type patchStep uint8

const (
	askSize patchStep = iota
	readHead
	readTail
	fill
	writeWindow
	lookAgain
	cut
	patched
)

var errBlind = errors.New("a write of parts of blocks to a file opened for direct I/O reads them first: open it with os.O_RDWR")

// straight returns how much of p, at off, can be transferred as it is.
func straight(p []byte, off int64) int {
	if off%Alignment != 0 || !isAligned(p) {
		return 0
	}
	return len(p) &^ (Alignment - 1)
}

// rest is what is still to go, and where.
func (t *transfer) rest() ([]byte, int64) { return t.p[t.n:], t.off + int64(t.n) }

func (t *transfer) stepDirect(cx *rouse.Context) error {
	if !t.write {
		return t.readDirect(cx)
	}
	if len(t.p) == 0 {
		return nil
	}
	whole := t.off%Alignment == 0 && len(t.p)%Alignment == 0
	if !whole && t.f.blind {
		return errBlind
	}
	if whole {
		return t.writeWhole(cx)
	}
	if !t.f.gate.enter(cx, &t.via.place) {
		return rouse.Pending
	}
	return t.patch(cx)
}

func (t *transfer) readDirect(cx *rouse.Context) error {
	for t.n < len(t.p) {
		p, off := t.rest()
		if k := straight(p, off); k > 0 {
			n, err := t.call(cx, driver.ReadAt, p[:k], off)
			if err != nil {
				return err
			}
			if t.n += n; n == 0 {
				return t.end()
			}
			continue
		}
		skip := int(off % Alignment)
		w := t.needWindow(skip + len(p))
		n, err := t.call(cx, driver.ReadAt, w, off-int64(skip))
		if err != nil {
			return err
		}
		if n <= skip {
			return t.end()
		}
		t.n += copy(p, w[skip:n])
	}
	return nil
}

// needWindow returns memory for whole blocks that hold n bytes, or as many as a
// window may have.
func (t *transfer) needWindow(n int) []byte {
	n = min(alignUp(n), windowSize)
	if t.via.window == nil {
		t.via.window = NewBuffer(n)
	}
	return t.via.window.mem[:n]
}

// writeWhole writes whole blocks.
func (t *transfer) writeWhole(cx *rouse.Context) error {
	if !t.f.gate.pass(cx, t) {
		return rouse.Pending
	}
	for t.n < len(t.p) {
		p, off := t.rest()
		if straight(p, off) == 0 {
			w := t.needWindow(len(p))
			if t.op == nil || !t.op.InFlight() {
				copy(w, p)
			}
			p = w
		}
		n, err := t.call(cx, driver.WriteAt, p, off)
		if err != nil {
			return err
		}
		if n &^= Alignment - 1; n == 0 {
			return t.end()
		}
		t.n += n
	}
	return nil
}

// patch writes parts of blocks, window by window.
func (t *transfer) patch(cx *rouse.Context) error {
	v := &t.via
	for v.step != patched {
		err := t.patchOn(cx)
		switch {
		case err == rouse.Pending:
			return err
		case err != nil && v.step >= lookAgain: // the file stays too long
			return errors.Join(v.err, err)
		case err != nil:
			v.err, v.step = err, lookAgain
		}
	}
	return v.err
}

// patchOn does one step.
func (t *transfer) patchOn(cx *rouse.Context) error {
	v := &t.via
	p, off := t.rest()
	skip := int(off % Alignment)
	w := t.needWindow(skip + len(p))
	base := off - int64(skip)
	take := min(len(p), len(w)-skip) // of p, in this window
	tail := (skip + take) &^ (Alignment - 1)
	if v.alone && v.step < writeWindow {
		v.step = lookAgain
	}
	switch v.step {
	case askSize:
		if v.args == nil {
			v.args = new(driver.Args)
		}
		size, err := t.askSize(cx)
		if err != nil {
			return err
		}
		v.size, v.step = size, readHead
	case readHead:
		if skip > 0 {
			if err := t.readBlock(cx, w[:Alignment], base); err != nil {
				return err
			}
		}
		v.step = readTail
	case readTail:
		if (skip+take)%Alignment > 0 && (tail > 0 || skip == 0) {
			if err := t.readBlock(cx, w[tail:tail+Alignment], base+int64(tail)); err != nil {
				return err
			}
		}
		v.step = fill
	case fill:
		copy(w[skip:], p[:take])
		v.step = writeWindow
	case writeWindow:
		// What is left of a window that is written in part goes with the next.
		v.top = max(v.top, base+int64(len(w)))
		n, err := t.call(cx, driver.WriteAt, w, base)
		if err != nil {
			return err
		}
		if n < len(w) {
			if n <= skip {
				return t.end()
			}
			take = min(take, n-skip)
		}
		t.n += take
		if v.step = readHead; t.n == len(t.p) {
			v.step = lookAgain
		}
	case lookAgain:
		v.step = patched
		if v.end(t) < v.top && t.f.gate.mayCut(v.top) {
			v.step = cut
		}
	case cut:
		if t.op.Code != driver.Truncate {
			// If the file is longer than what we wrote, somebody else did.
			size, err := t.askSize(cx)
			if err != nil {
				return err
			}
			if size > v.top || size <= v.end(t) {
				v.step = patched
				return nil
			}
		}
		v.args.Size = v.end(t)
		if _, err := t.call(cx, driver.Truncate, nil, 0); err != nil {
			return err
		}
		v.step = patched
	}
	return nil
}

// end is how long the file is to be after what t has written, if nobody else
// makes it longer.
func (v *detour) end(t *transfer) int64 {
	if t.n == 0 {
		return v.size
	}
	return max(v.size, t.off+int64(t.n))
}

func (t *transfer) askSize(cx *rouse.Context) (int64, error) {
	if _, err := t.call(cx, driver.Stat, nil, 0); err != nil {
		return 0, err
	}
	size := t.via.args.Info.Size()
	t.via.args.Info = nil
	return size, nil
}

// readBlock reads the block at off; what is beyond the end of the file is zero.
func (t *transfer) readBlock(cx *rouse.Context, block []byte, off int64) error {
	n, size := 0, t.via.size
	if t.n > 0 {
		size = max(size, t.off+int64(t.n))
	}
	if off < size {
		var err error
		if n, err = t.call(cx, driver.ReadAt, block, off); err != nil {
			return err
		}
		if off+int64(n) < size && n < len(block) {
			return errShortBlock
		}
	}
	clear(block[n:])
	return nil
}

var errShortBlock = errors.New("the system read a part of a block only")

// unfinished reports whether t has to go on though nobody waits for it: it may
// have made the file longer than it is to be.
func (v *detour) unfinished() bool { return v.top > 0 && v.step != patched }

// leave gives back what t had for its detour; not the window if the driver
// may have given up waiting for a call that uses it.
func (v *detour) leave(t *transfer, inUse bool) {
	t.f.gate.leave(&v.place)
	t.f.gate.passed(t)
	if v.window != nil && !inUse {
		v.window.Free()
	}
	v.window = nil
}
