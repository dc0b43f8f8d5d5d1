package executor

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/rouse-go/rouse"
)

const (
	// reportLimit is how many panics without an audience the end names one by
	// one, heldLimit how many are kept until then: more are counted only.
	reportLimit = 16
	heldLimit   = 1024
)

// A panicBook is what an executor does about panics, and what it remembers of
// them until its end.
type panicBook struct {
	name    string // Config.Name
	log     *slog.Logger
	onPanic func(*rouse.PanicError) // Config.OnPanic

	fatal *rouse.PanicError // a detached panic that ends the executor
	held  []*rouse.PanicError
	lost  int // panics beyond those held
}

// panicked deals with a task whose poll panicked. The design's rule: never
// swallowed. Awaited: the awaiter has it. Held: logged now, and joined or
// thrown at the end. Detached: logged, and Config.OnPanic or the end of all.
func (b *panicBook) panicked(p *rouse.PanicError) {
	if p == nil || p.Audience() == rouse.Awaited {
		return
	}
	b.logPanic("rouse: task panicked", p)
	if p.Audience() == rouse.Held {
		b.hold(p)
	} else {
		b.unseen(p)
	}
}

// unseen is for a panic that nobody will join, and that has been logged.
func (b *panicBook) unseen(p *rouse.PanicError) {
	switch {
	case b.onPanic != nil:
		b.tell(p)
	case b.fatal == nil:
		b.fatal = p
	}
}

// hold keeps p until the end, unless a handle hands it out before.
func (b *panicBook) hold(p *rouse.PanicError) {
	if len(b.held) == heldLimit {
		keep := b.held[:0]
		for _, p := range b.held {
			if !p.Taken() {
				keep = append(keep, p)
			}
		}
		clear(b.held[len(keep):])
		b.held = keep
	}
	if len(b.held) < heldLimit {
		b.held = append(b.held, p)
	} else {
		b.lost++
	}
}

// untaken joins the panics that nobody has taken.
func (b *panicBook) untaken() error {
	var errs []error
	more := b.lost
	for _, p := range b.held {
		switch {
		case p.Taken():
		case len(errs) < reportLimit:
			errs = append(errs, p)
		default:
			more++
		}
	}
	b.held = nil
	if more > 0 {
		errs = append(errs, fmt.Errorf("rouse: and %d more tasks panicked", more))
	}
	return errors.Join(errs...)
}

// reportDrop is told of a panic in a future's Drop, or in a cancelled fiber.
func (b *panicBook) reportDrop(p *rouse.PanicError) {
	b.logPanic("rouse: Drop of a future panicked", p)
	if b.onPanic != nil {
		b.tell(p)
	}
}

// call calls an injected function.
func (b *panicBook) call(fn func(*rouse.Context), cx *rouse.Context) {
	defer func() {
		if v := recover(); v != nil {
			p := &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "injected function"}
			b.logPanic("rouse: an injected function panicked", p)
			b.unseen(p)
		}
	}()
	fn(cx)
}

// tell calls Config.OnPanic, whose own panic must not end what it is there to
// keep alive.
func (b *panicBook) tell(p *rouse.PanicError) {
	defer func() {
		if v := recover(); v != nil {
			b.logPanic("rouse: Config.OnPanic panicked", &rouse.PanicError{Value: v, Stack: debug.Stack(), Name: "OnPanic"})
		}
	}()
	b.onPanic(p)
}

func (b *panicBook) logPanic(what string, p *rouse.PanicError) {
	b.log.Error(what, "executor", b.name, "task", p.Name,
		"spawned", p.Site, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
}
