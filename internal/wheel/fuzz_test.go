package wheel

import (
	"encoding/binary"
	"math"
	"testing"
)

// FuzzWheel reads a program from the input and runs it on a wheel and on the model. The first 12 bytes are
// the start and the tick; then 4 bytes per step: operation, entry, and a distance as mantissa and shift.
// Run it with -fuzzminimizetime=100x: shrinking inputs that found coverage otherwise takes all the time.
func FuzzWheel(f *testing.F) {
	prog := func(start int64, tick uint32, steps ...[4]byte) {
		b := binary.LittleEndian.AppendUint64(nil, uint64(start))
		b = binary.LittleEndian.AppendUint32(b, tick)
		for _, s := range steps {
			b = append(b, s[:]...)
		}
		f.Add(b)
	}
	type step = [4]byte
	const insert, past, remove, call, turn, jump, bound = 0, 1, 2, 3, 4, 5, 6
	prog(0, 1, step{insert, 0, 1, 6}, step{insert, 1, 63, 0}, step{jump, 0, 63, 0}, step{turn, 0, 0, 0}, step{jump, 0, 1, 0}, step{turn})
	prog(-1, 1, step{insert, 0, 1, 0}, step{insert, 1, 1, 12}, step{jump, 0, 1, 0}, step{call}, step{past, 2, 0, 0}, step{call}, step{turn})
	prog(-64, 1_000_000, step{insert, 0, 1, 30}, step{bound, 1, 1, 18}, step{jump, 0, 1, 31}, step{turn, 1, 1, 3}, step{turn})
	prog(math.MinInt64, 1_000_000_000, step{insert, 0, 255, 55}, step{past, 1, 1, 1}, step{jump, 0, 255, 55}, step{turn, 2, 0, 0}, step{remove, 0})
	prog(math.MaxInt64-5, 3, step{insert, 0, 255, 55}, step{insert, 1, 4, 0}, step{jump, 0, 4, 0}, step{turn}, step{jump, 0, 1, 0}, step{turn})
	prog(4095, 1, step{bound, 0, 1, 12}, step{bound, 1, 1, 24}, step{bound, 2, 1, 36}, step{jump, 0, 1, 36}, step{turn, 3, 1, 12}, step{remove, 2}, step{turn})

	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 12 {
			return
		}
		now := int64(binary.LittleEndian.Uint64(b))
		tick := max(1, int64(binary.LittleEndian.Uint32(b[8:])))
		const n = 16
		p := newPair(t, n, now, tick)
		b = b[12:min(len(b), 12+4*200)] // longer programs find nothing that short ones do not
		for ; len(b) >= 4; b = b[4:] {
			id := int(b[1] % n)
			d := int64(b[2]) << (b[3] % 56) // below 2^63
			switch b[0] % 7 {
			case insert:
				p.insert(id, add(now, d))
			case past:
				p.insert(id, add(now, -d))
			case remove:
				p.remove(id)
			case call:
				p.expire(now)
			case turn:
				// The body re-arms one entry, and takes another one away.
				calls := 0
				for got := p.expire(now); got >= 0; got = p.expire(now) {
					if got == id {
						p.insert(id, add(now, d))
					} else if got == int(b[1]>>4) {
						p.remove((got + 1) % n)
					}
					if calls++; calls > n {
						p.fail("the pass does not end")
					}
				}
			case jump:
				now = add(now, d)
			case bound: // an absolute boundary, one tick to either side
				p.insert(id, add(d, (int64(b[1]>>4)%3-1)*tick))
			}
			p.next()
			if len(b)/4%16 == 0 {
				p.w.check(p)
			}
		}
		p.w.check(p)
		for range 2 {
			for p.expire(math.MaxInt64) >= 0 {
			}
		}
		if p.w.Len() != 0 {
			p.fail("%d left at the end of time", p.w.Len())
		}
	})
}
