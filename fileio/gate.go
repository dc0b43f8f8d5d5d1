package fileio

import "github.com/rouse-go/rouse"

// A gate keeps the writes of a direct file out of each other's way; see
// direct.go for what they do. It is used at home only.
//
// Patches, which read blocks and write them whole, go one at a time, in order of
// arrival. Writes of whole blocks go at any time but while a patch cuts the file
// back to its size, which might take away what they add.
type gate struct {
	busy        bool // a patch is inside
	first, last *place
	cutting     bool
	wakers      []rouse.Waker // of those who wait for the end of a cut
	whole       *transfer     // writes of whole blocks that may be under way
}

// A place is where a patch stands: outside, in the line, or inside.
type place struct {
	next   *place
	waker  rouse.Waker
	inLine bool
	inside bool
}

// enter reports whether p is inside. If not, p is in the line and cx's waker is
// woken when it is its turn. A poll that lends no waker takes no place: nobody
// might come for it.
func (g *gate) enter(cx *rouse.Context, p *place) bool {
	if p.inside {
		return true
	}
	if !p.inLine {
		if cx.WillWake(rouse.Waker{}) {
			return false
		}
		p.inLine = true
		if g.last == nil {
			g.first = p
		} else {
			g.last.next = p
		}
		g.last = p
	}
	if g.first != p || g.busy {
		if !cx.WillWake(p.waker) {
			p.waker.Drop()
			p.waker = cx.Waker()
		}
		return false
	}
	g.remove(p)
	p.inside, g.busy = true, true
	return true
}

// leave takes p out, wherever it is.
func (g *gate) leave(p *place) {
	switch {
	case p.inLine:
		g.remove(p)
	case p.inside:
		g.busy = false
		g.endCut()
	default:
		return
	}
	p.waker.Drop()
	*p = place{}
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

// pass reports whether t, a write of whole blocks, may go on. If not, cx's waker
// is woken when it may.
func (g *gate) pass(cx *rouse.Context, t *transfer) bool {
	if t.via.listed {
		return true
	}
	if g.cutting {
		g.wakers = append(g.wakers, cx.Waker())
		return false
	}
	t.via.listed = true
	if t.via.nextWhole = g.whole; g.whole != nil {
		g.whole.via.prevWhole = t
	}
	g.whole = t
	return true
}

// passed is told that t has ended, or was given up.
func (g *gate) passed(t *transfer) {
	v := &t.via
	if !v.listed {
		return
	}
	if v.prevWhole != nil {
		v.prevWhole.via.nextWhole = v.nextWhole
	} else {
		g.whole = v.nextWhole
	}
	if v.nextWhole != nil {
		v.nextWhole.via.prevWhole = v.prevWhole
	}
	v.listed, v.nextWhole, v.prevWhole = false, nil, nil
}

// mayCut reports whether no write of whole blocks is under way that goes beyond
// top; and if so lets none begin until endCut.
func (g *gate) mayCut(top int64) bool {
	for t := g.whole; t != nil; t = t.via.nextWhole {
		if t.op != nil && t.op.InFlight() && t.off+int64(len(t.p)) > top {
			return false
		}
	}
	g.cutting = true
	return true
}

// endCut lets writes of whole blocks go on.
func (g *gate) endCut() {
	g.cutting = false
	for i, w := range g.wakers {
		w.Wake()
		g.wakers[i] = rouse.Waker{}
	}
	g.wakers = g.wakers[:0]
}
