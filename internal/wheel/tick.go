package wheel

import (
	"math"
	"math/bits"
)

// scale converts between nanoseconds and tick numbers.
//
// Tick number k stands for the instant k*tick; ticks are counted from instant zero and not from New, so that
// wheels of one clock agree on when ticks are, and a deadline that is a multiple of the tick is met
// exactly. Tick numbers are signed in principle, but the wheel compares digits: they are kept as
// uint64 with the sign bit flipped, which has the same order.
//
// The last tick number may stand for an instant that no int64 can hold. It counts as the end of time,
// math.MaxInt64: then every deadline has been reached, so nothing is early.
type scale struct {
	tick int64 // ns, positive
	last int64 // the last tick whose instant fits an int64
}

const sign = 1 << 63

func newScale(tick int64) scale { return scale{tick: tick, last: math.MaxInt64 / tick} }

// ceil returns the first tick at or after ns.
func (c *scale) ceil(ns int64) uint64 {
	k := ns / c.tick // truncated: for ns <= 0 that is up
	if k*c.tick < ns {
		k++
	}
	return uint64(k) ^ sign
}

// floor returns the last tick at or before ns; at the end of time, the last of all.
func (c *scale) floor(ns int64) uint64 {
	if ns == math.MaxInt64 {
		return c.ceil(ns)
	}
	k := ns / c.tick // truncated: for ns >= 0 that is down
	if k*c.tick > ns {
		k--
	}
	return uint64(k) ^ sign
}

// ns returns the instant of tick t, which is not before the first tick that fits an int64.
func (c *scale) ns(t uint64) int64 {
	k := int64(t ^ sign)
	if k > c.last {
		return math.MaxInt64
	}
	return k * c.tick
}

// levelOf returns the level of the highest digit in which t and hand differ, 0 if they are the same.
func levelOf(t, hand uint64) uint {
	return uint(bits.Len64((t^hand)|1)-1) / digit
}

// slotStart returns the first tick of slot s at level l, as seen from hand: its digits above l, s, then zeros.
func slotStart(hand uint64, l, s uint) uint64 {
	shift := l * digit
	// At the top level the shift by 66 gives 0, so the mask is all ones and no digit of hand is kept.
	return hand&^(1<<(shift+digit)-1) | uint64(s)<<shift
}
