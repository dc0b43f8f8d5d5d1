package driver

import (
	"strconv"

	"github.com/rouse-go/rouse"
)

// A Ringing is a future that waits until one bit of a [Doorbell] is rung. It
// belongs to the doorbell's executor, must not be copied after the first poll,
// and may be polled again after a result, for the next ring. Whoever gives it
// up while it is pending must call Drop. The zero Ringing is of no doorbell.
type Ringing struct {
	b     *Doorbell
	waker rouse.Waker // counted while it stands in b.waits
	bit   uint8
}

// Wait returns a future of the next ring of a bit, 0 to 63, by value, so that
// it can stand in another one. A ring that nobody has waited for yet counts.
// One future at a time may wait for a bit; a second one panics.
func (b *Doorbell) Wait(bit int) Ringing {
	b.check(bit)
	return Ringing{b: b, bit: uint8(bit)}
}

// Poll returns nil when the bit has been rung since it last did, or
// [ErrClosed].
func (r *Ringing) Poll(cx *rouse.Context) (none struct{}, err error) {
	b := r.b
	if b == nil {
		panic("rouse: driver: Poll of the zero Ringing; make it with Doorbell.Wait")
	}
	b.mustBeHome(cx)
	if b.closed {
		r.Drop()
		return none, ErrClosed
	}
	if r.take(cx, &err) {
		return none, err
	}
	switch b.waits[r.bit] {
	case r:
	case nil:
		b.waits[r.bit] = r
	default:
		panic("rouse: driver: two futures wait for bit " + strconv.Itoa(int(r.bit)) + " of one Doorbell; let one wait and tell the other")
	}
	if !cx.WillWake(r.waker) {
		r.waker.Drop()
		r.waker = cx.Waker()
	}
	if b.pump != nil {
		if err = b.arm(); err != nil {
			r.Drop()
			return none, err
		}
		if r.take(cx, &err) { // register, then look again: arm has drained
			return none, err
		}
	}
	return none, rouse.Pending
}

// take takes the ring if there is one; with an empty budget it only says so.
func (r *Ringing) take(cx *rouse.Context, err *error) bool {
	mask := uint64(1) << r.bit
	if r.b.pending&mask == 0 {
		return false
	}
	if !cx.Spend() {
		*err = rouse.Pending
		return true
	}
	r.b.pending &^= mask
	r.Drop()
	return true
}

// Drop ends the wait. A ring that has come meanwhile stays for the next who
// waits for the bit.
func (r *Ringing) Drop() {
	if r.b != nil && r.b.waits[r.bit] == r {
		r.b.waits[r.bit] = nil
	}
	r.waker.Drop()
	r.waker = rouse.Waker{}
}

// mustBeHome panics if another executor polls. A bare Context without executor,
// as tests make them, is taken on trust.
func (b *Doorbell) mustBeHome(cx *rouse.Context) {
	ex := cx.Executor()
	if ex == nil {
		return
	}
	if h, ok := ex.(Host); !ok || h.Driver() != b.d {
		panic("rouse: driver: a Doorbell was polled by another executor than the one whose driver it was made for; poll it there")
	}
}
