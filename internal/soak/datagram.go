package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/rouse-go/rouse/netio"
)

// A datagram says of itself what it is: where it was sent from, by whom, as which
// one, and so which bytes follow. So each can be judged alone, also one that was
// meant for an earlier owner of the port.
const (
	headLen     = 12
	maxDatagram = 6 << 10
	maxInFlight = 8
)

// newDatagram makes number n of a task.
func (r *round) newDatagram(port uint16, task, n, size int) []byte {
	b := make([]byte, 0, headLen+size)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = binary.BigEndian.AppendUint32(b, uint32(task))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, randomBytes(rand.New(rand.NewPCG(r.seed, uint64(task)<<32|uint64(n))), size)...)
}

// came judges what has come back, and with which error.
func (c *correspondence) came(ms []netio.Message, err error) error {
	for _, m := range ms {
		if m.Addr != c.echo {
			return fmt.Errorf("a datagram came from %v, who is not %v", m.Addr, c.echo)
		}
		if m.N < headLen {
			return fmt.Errorf("a datagram of %d bytes came, which is shorter than any", m.N)
		}
		b := m.Buf[:m.N]
		port, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		task, n := int(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint32(b[8:]))
		switch cut := headLen+size > len(m.Buf); {
		case m.Truncated != cut:
			return fmt.Errorf("a datagram of %d bytes came into %d, truncated: %v", headLen+size, len(m.Buf), m.Truncated)
		case !cut && m.N != headLen+size || cut && m.N != len(m.Buf):
			return fmt.Errorf("%d bytes came of a datagram of %d, with room for %d", m.N, headLen+size, len(m.Buf))
		case !bytes.Equal(b, c.s.w.r.newDatagram(port, task, n, size)[:m.N]):
			return fmt.Errorf("a datagram of %d bytes is not what was sent", m.N)
		case port != c.port:
			return fmt.Errorf("a datagram came to port %d and was sent from %d", c.port, port)
		case task != c.s.w.id || n < c.first:
			continue // of an earlier owner of the port
		case !c.open[n]:
			return fmt.Errorf("datagram %d of task %d came twice, or out of nothing", n, task)
		}
		delete(c.open, n)
		c.s.w.tally.Datagrams++
	}
	return c.s.w.r.of("read udp", err)
}
