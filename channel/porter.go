package channel

import "github.com/rouse-go/rouse"

// A porter is the task that a mesh has on each of its executors. Other executors
// wake it, and it wakes the tasks that wait there. So the word that two
// executors share knows of one waker, which never changes, while any number of
// tasks may wait, and go away again, without a word to anybody. A wake from
// elsewhere costs one poll more by it, and none while the executor is busy with
// what has come.
type porter[T any] struct{ p *Port[T] }

// start makes the porter a task of the port's executor.
func (p *Port[T]) start() {
	home := p.home.exec.(homed).Home()
	r, j := rouse.NewLocalTask[struct{}](&porter[T]{p}, home)
	j.Detach()
	r.Schedule()
}

// Poll wakes whoever has something to do, and returns when the port has closed.
func (w *porter[T]) Poll(cx *rouse.Context) (none struct{}, err error) {
	p := w.p
	if p.shut {
		return none, nil
	}
	if p.waker.IsZero() {
		p.waker = cx.Waker() // before awaitMessage and awaitRoom let anybody know
	}
	switch {
	case p.receivers.waiting == 0:
	case p.readable(): // then nobody has to wake us again
		p.receivers.wake(p.home.loop)
	default:
		p.awaitMessage()
	}
	for i := range p.out {
		switch o := &p.out[i]; {
		case o.crowd.waiting == 0:
		case o.ring.Spacious():
			o.crowd.wake(p.home.loop)
		default:
			p.awaitRoom(o)
		}
	}
	return none, rouse.Pending
}

// Drop is the end of the executor.
func (w *porter[T]) Drop() { w.p.close() }

// CloseSend says that this port will send nothing more. What was sent is still
// received. Closing twice does nothing.
func (p *Port[T]) CloseSend() {
	if p.shutOut {
		return
	}
	p.shutOut = true
	for i := range p.out {
		if o := &p.out[i]; o.ring != nil {
			o.ring.Close()
			p.mesh.ports[i].tell()
			o.crowd.wake(p.home.loop)
		}
	}
}

// Close is CloseSend, and says that this port will receive nothing more: what
// has come is thrown away, and who sends here gets [ErrClosed]. Tasks that wait
// get it too. Closing twice does nothing. The end of the executor closes its
// port.
func (p *Port[T]) Close() {
	if !p.shut {
		p.close()
		if !p.waker.IsZero() {
			p.waker.WakeByRef() // the porter ends
		}
	}
}

func (p *Port[T]) close() {
	if p.shut {
		return
	}
	p.shut = true
	p.CloseSend()
	for i := range p.in {
		if in := &p.in[i]; in.ring.Leave() {
			p.mesh.ports[in.from].waker.WakeByRef()
		}
	}
	p.receivers.wake(p.home.loop)
}
