package driver

import "github.com/rouse-go/rouse"

// A pump watches a doorbell through Attach and Readable, for drivers that are
// no Belfry. The watch is one shot: whoever waits arms it, and when it fires
// everybody is woken, so that some task arms it again.
type pump struct {
	b      *Doorbell
	handle Handle
	op     Op
	cx     *rouse.Context // lends the pump as waker
}

func (b *Doorbell) startPump() error {
	if b.fd < 0 {
		return ErrNotSupported
	}
	attach := Op{Code: Attach, Args: &Args{FD: b.fd}}
	b.d.Submit(&attach)
	if attach.Err != nil {
		return attach.Err
	}
	p := &pump{b: b, handle: attach.Handle}
	p.cx = rouse.NewContext(rouse.NewWaker(p))
	b.pump = p
	return nil
}

// arm sees to it that the next ring is noticed. What came before is drained.
func (b *Doorbell) arm() error {
	p := b.pump
	for !p.op.InFlight() {
		if p.op.Done() {
			p.op.Reset()
		}
		// The counter first: a ring after the swap writes after it, too, and
		// then the descriptor is readable.
		b.silence()
		b.Drain()
		p.op.Code, p.op.Handle = Readable, p.handle
		if p.op.Poll(p.cx, b.d) && p.op.Err != nil {
			return p.op.Err
		}
	}
	return nil
}

// WakeByRef is called by the driver, on the loop's goroutine.
func (p *pump) WakeByRef() {
	if p.b.closed {
		return
	}
	p.b.silence()
	p.b.Drain()
	p.b.wakeAll()
}

func (b *Doorbell) stopPump() {
	p := b.pump
	p.op.Forget()
	b.d.Submit(&Op{Code: CloseHandle, Handle: p.handle}) // fails if d was closed first
}
