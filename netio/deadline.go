package netio

import (
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/alarm"
	"github.com/rouse-go/rouse/timer"
)

// A lane is one direction of the net.Conn view: those who want to use it, in
// order, and the deadline that is common to them. It is used at home only, so
// it needs no lock: who is elsewhere sends his orders, which arrive before the
// operations that he begins afterwards.
type lane struct {
	line
	deadline deadline
}

// A deadline passes at an instant and stays so until it is set anew.
type deadline struct {
	passed bool
	alarm  alarm.Alarm
}

// set puts the deadline at t; the zero t means never. Whoever waits in the lane
// looks again when it passes.
func (l *lane) set(h *home, t time.Time) {
	d := &l.deadline
	d.passed = false
	clock := l.clock(h)
	clock.Stop(&d.alarm)
	if t.IsZero() {
		return
	}
	left := t.Sub(h.Drv.Wall())
	if left <= 0 {
		l.WakeByRef()
		return
	}
	when := clock.Now() + int64(left)
	if when < 0 {
		return // later than the clock will ever be
	}
	clock.Set(&d.alarm, when, rouse.NewContext(rouse.NewWaker(l)))
}

// WakeByRef is called by the clock, at home: the deadline has passed.
func (l *lane) WakeByRef() {
	l.deadline.passed = true
	l.wakeAll()
}

// close disarms the deadline.
func (l *lane) close(h *home) {
	l.clock(h).Stop(&l.deadline.alarm)
}

func (l *lane) clock(h *home) *alarm.Clock {
	host, ok := h.Ex.(timer.Host)
	if !ok {
		panic("rouse: netio: deadlines need an executor that keeps time, a timer.Host, such as executor.Local")
	}
	return host.Alarms()
}
