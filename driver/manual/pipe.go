package manual

import "github.com/rouse-go/rouse/driver"

// A pipe is one direction of a connection: a bounded queue of bytes.
type pipe struct {
	buf    []byte // a ring; grows up to limit
	head   int
	len    int
	limit  int
	reader driver.Handle
	writer driver.Handle

	ended   bool // nothing more will be written
	gone    bool // nobody will read
	discard bool // the reader has shut its side: bytes vanish
	reset   bool // broken off; what was not read is lost
}

func (p *pipe) readable() bool { return p.len > 0 || p.ended || p.reset || p.discard }

func (p *pipe) writable() bool {
	return p.len < p.limit || p.ended || p.gone || p.reset || p.discard
}

// read takes what fits in b.
func (p *pipe) read(b []byte) int {
	total := 0
	for len(b) > 0 && p.len > 0 {
		end := min(p.head+p.len, len(p.buf))
		n := copy(b, p.buf[p.head:end])
		b = b[n:]
		total += n
		p.len -= n
		p.head = (p.head + n) % len(p.buf)
	}
	return total
}

// write takes what there is room for.
func (p *pipe) write(b []byte) int {
	b = b[:max(0, min(len(b), p.limit-p.len))]
	if p.len+len(b) > len(p.buf) {
		p.grow(p.len + len(b))
	}
	total := len(b)
	for len(b) > 0 {
		tail := (p.head + p.len) % len(p.buf)
		end := len(p.buf)
		if tail < p.head {
			end = p.head
		}
		n := copy(p.buf[tail:end], b)
		b = b[n:]
		p.len += n
	}
	return total
}

func (p *pipe) grow(need int) {
	size := max(512, len(p.buf))
	for size < need {
		size *= 2
	}
	buf := make([]byte, size)
	n := p.len
	p.read(buf)
	p.buf, p.head, p.len = buf, 0, n
}
