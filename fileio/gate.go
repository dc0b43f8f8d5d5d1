package fileio

import "github.com/rouse-go/rouse"

// A gate lets through any number of shared ones or one that is alone, in order
// of arrival. It is used at home only.
type gate struct {
	shared      int
	alone       bool
	first, last *place
}

// A place is where somebody stands: outside, in the line, or inside.
type place struct {
	next   *place
	waker  rouse.Waker
	alone  bool
	inLine bool
	inside bool
}

// enter reports whether p is inside. If not, p is in the line and cx's waker is
// woken when it may be its turn.
func (g *gate) enter(cx *rouse.Context, p *place, alone bool) bool {
	if p.inside {
		return true
	}
	if !p.inLine {
		p.alone, p.inLine = alone, true
		if g.last == nil {
			g.first = p
		} else {
			g.last.next = p
		}
		g.last = p
	}
	if g.first != p || g.alone || p.alone && g.shared > 0 {
		if !cx.WillWake(p.waker) {
			p.waker.Drop()
			p.waker = cx.Waker()
		}
		return false
	}
	g.remove(p)
	p.inside = true
	if p.alone {
		g.alone = true
	} else {
		g.shared++
		g.wakeFirst() // who may be another shared one
	}
	return true
}

// leave takes p out, wherever it is.
func (g *gate) leave(p *place) {
	switch {
	case p.inLine:
		g.remove(p)
	case p.inside && p.alone:
		g.alone = false
	case p.inside:
		g.shared--
	default:
		return
	}
	p.waker.Drop()
	*p = place{}
	g.wakeFirst()
}

func (g *gate) wakeFirst() {
	if g.first != nil {
		g.first.waker.WakeByRef()
	}
}

func (g *gate) remove(p *place) {
	var before *place
	at := &g.first
	for *at != p {
		before = *at
		at = &before.next
	}
	if *at = p.next; p.next == nil {
		g.last = before
	}
	p.next, p.inLine = nil, false
}
