package netio

import "github.com/rouse-go/rouse"

// A line lets through one at a time, in order of arrival. It is what makes the
// net.Conn view and Listener.Accept good for several callers at once, as
// package net is; a mutex would stop the executor. A line is used at home only.
type line struct{ first *place }

// A place is somebody's place in a line.
type place struct {
	next  *place
	waker rouse.Waker
	taken bool
}

// mine takes the place p, if it is not taken, and reports whether it is the
// first. In either case it leaves cx's waker there.
func (l *line) mine(cx *rouse.Context, p *place) bool {
	if !p.taken {
		p.taken = true
		end := &l.first
		for *end != nil {
			end = &(*end).next
		}
		*end = p
	}
	if !cx.WillWake(p.waker) {
		p.waker.Drop()
		p.waker = cx.Waker()
	}
	return l.first == p
}

// leave gives up the place p, if it is taken, and lets the next one through.
func (l *line) leave(p *place) {
	if !p.taken {
		return
	}
	at := &l.first
	for *at != p {
		at = &(*at).next
	}
	wasFirst := at == &l.first
	*at = p.next
	p.waker.Drop()
	*p = place{}
	if wasFirst && l.first != nil {
		l.first.waker.WakeByRef()
	}
}

// wakeAll has everybody in the line look again.
func (l *line) wakeAll() {
	for p := l.first; p != nil; p = p.next {
		p.waker.WakeByRef()
	}
}
