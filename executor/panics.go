package executor

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/rouse-go/rouse"
)

const (
	// reportLimit is how many panics without an audience the end names one by
	// one, heldLimit how many are kept until then: more are counted only.
	reportLimit = 16
	heldLimit   = 1024
)

// panicked deals with a task whose poll panicked. The design's rule: never
// swallowed. Awaited: the awaiter has it. Held: logged now, and joined or
// thrown at the end. Detached: logged, and Config.OnPanic or the end of all.
func (l *Local) panicked(p *rouse.PanicError) {
	if p == nil || p.Audience() == rouse.Awaited {
		return
	}
	l.logPanic("rouse: task panicked", p)
	if p.Audience() == rouse.Held {
		l.hold(p)
	} else {
		l.unseen(p)
	}
}

// unseen is for a panic that nobody will join, and that has been logged.
func (l *Local) unseen(p *rouse.PanicError) {
	switch {
	case l.cfg.OnPanic != nil:
		l.tell(p)
	case l.fatal == nil:
		l.fatal = p
	}
}

// hold keeps p until the end, unless a handle hands it out before.
func (l *Local) hold(p *rouse.PanicError) {
	if len(l.held) == heldLimit {
		keep := l.held[:0]
		for _, p := range l.held {
			if !p.Taken() {
				keep = append(keep, p)
			}
		}
		clear(l.held[len(keep):])
		l.held = keep
	}
	if len(l.held) < heldLimit {
		l.held = append(l.held, p)
	} else {
		l.lost++
	}
}

// untaken joins the panics that nobody has taken.
func (l *Local) untaken() error {
	var errs []error
	more := l.lost
	for _, p := range l.held {
		switch {
		case p.Taken():
		case len(errs) < reportLimit:
			errs = append(errs, p)
		default:
			more++
		}
	}
	l.held = nil
	if more > 0 {
		errs = append(errs, fmt.Errorf("rouse: and %d more tasks panicked", more))
	}
	return errors.Join(errs...)
}

// reportDrop is told of a panic in a future's Drop, or in a cancelled fiber.
func (l *Local) reportDrop(p *rouse.PanicError) {
	l.logPanic("rouse: Drop of a future panicked", p)
	if l.cfg.OnPanic != nil {
		l.tell(p)
	}
}

// call calls an injected function.
func (l *Local) call(fn func(*rouse.Context), cx *rouse.Context) {
	defer func() {
		if v := recover(); v != nil {
			p := &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "injected function"}
			l.logPanic("rouse: an injected function panicked", p)
			l.unseen(p)
		}
	}()
	fn(cx)
}

// tell calls Config.OnPanic, whose own panic must not end what it is there to
// keep alive.
func (l *Local) tell(p *rouse.PanicError) {
	defer func() {
		if v := recover(); v != nil {
			l.logPanic("rouse: Config.OnPanic panicked", &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "OnPanic"})
		}
	}()
	l.cfg.OnPanic(p)
}

func (l *Local) logPanic(what string, p *rouse.PanicError) {
	l.cfg.Log.Error(what, "executor", l.cfg.Name, "task", p.Name,
		"spawned", p.Site, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
}
