package executor

import (
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
)

// heldLimit is how many panics without an audience are kept until the end.
const heldLimit = 16

// panicked deals with a task whose poll panicked. The design's rule: never
// swallowed. Awaited: the awaiter has it. Held: logged now, and joined or
// thrown at the end. Detached: logged, and Config.OnPanic or the end of all.
func (l *Local) panicked(p *rouse.PanicError) {
	if p == nil || p.Audience() == rouse.Awaited {
		return
	}
	l.cfg.Log.Error("rouse: task panicked", "executor", l.cfg.Name, "task", p.Name,
		"spawned", p.Site, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
	switch {
	case p.Audience() == rouse.Held:
		if len(l.held) < heldLimit {
			l.held = append(l.held, p)
		} else {
			l.lost++
		}
	case l.cfg.OnPanic != nil:
		l.cfg.OnPanic(p)
	case l.fatal == nil:
		l.fatal = p
	}
}

// reportDrop is told of a panic in a future's Drop.
func (l *Local) reportDrop(p *rouse.PanicError) {
	l.cfg.Log.Error("rouse: Drop of a future panicked", "executor", l.cfg.Name, "task", p.Name,
		"spawned", p.Site, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
	if l.cfg.OnPanic != nil {
		l.cfg.OnPanic(p)
	}
}

// untaken joins the panics that nobody has taken.
func (l *Local) untaken() error {
	var errs []error
	for _, p := range l.held {
		if !p.Taken() {
			errs = append(errs, p)
		}
	}
	l.held = nil
	if l.lost > 0 {
		errs = append(errs, fmt.Errorf("rouse: and %d more tasks panicked", l.lost))
	}
	return errors.Join(errs...)
}
