package portable

import (
	"io"
	"sync"
)

// bridgeLen is what one read brings. Every connection with a Recv that waits
// has a buffer of it.
const bridgeLen = 4 << 10

var bridgeBuffers = sync.Pool{New: func() any { return new([bridgeLen]byte) }}

// A readResult is where a goroutine leaves what it read.
type readResult struct {
	done bool
	n    int
	err  error
}

// receiving is the loop's side: bytes that were read and not yet asked for.
type receiving struct {
	buf      *[bridgeLen]byte // the goroutine's while reading; nil if empty
	pos, end int
	err      error // what ended the stream; comes after the bytes
	reading  bool
}

// land takes a result over. The caller holds the lock.
func (in *receiving) land(r *readResult) {
	if !r.done {
		return
	}
	in.reading = false
	in.pos, in.end, in.err = 0, r.n, r.err
	*r = readResult{}
	if in.end == 0 {
		in.drop()
	}
}

func (in *receiving) drop() {
	bridgeBuffers.Put(in.buf)
	in.buf = nil
}

// take copies what there is into b. If there is nothing yet, it sees to it
// that a goroutine reads, and reports false.
func (c *conn) take(b []byte) (n int, done bool, err error) {
	in := &c.in
	if in.reading {
		// The result may be there though no Park has looked.
		c.mu.Lock()
		in.land(&c.read)
		c.mu.Unlock()
	}
	switch {
	case in.reading:
		return 0, false, nil
	case in.buf != nil:
		n = copy(b, in.buf[in.pos:in.end])
		if in.pos += n; in.pos == in.end {
			in.drop()
		}
		return n, true, nil
	case in.err == io.EOF:
		return 0, true, nil
	case in.err != nil:
		return 0, true, in.err
	}
	in.reading = true
	in.buf = bridgeBuffers.Get().(*[bridgeLen]byte)
	c.d.spawn(c.readOnce)
	return 0, false, nil
}

// readOnce runs on a goroutine. The buffer is its own until it has posted.
func (c *conn) readOnce() {
	n, err := c.nc.Read(c.in.buf[:])
	c.mu.Lock()
	c.read = readResult{done: true, n: n, err: err}
	c.mu.Unlock()
	c.d.post(&c.bridge)
}
