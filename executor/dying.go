package executor

import (
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/callsite"
)

// How a fiber is cancelled. Its awaits fail from then on, so it returns and its
// deferred calls run: nearly every fiber ends within Drop. One that goes on
// awaiting is resumed every reapPeriod while its grace lasts, then its awaits
// panic, and if it recovers from that, too, it is left suspended for ever.

const (
	// reapPeriod is the time between two resumptions of a dying fiber.
	reapPeriod = int64(time.Millisecond)
	// dropTries is how often Drop itself resumes the fiber.
	dropTries = 16
	// unwindLimit is how many awaits of deferred calls panic without giving
	// the turn back, before the fiber counts as one that resists.
	unwindLimit = 64
)

// dying is what a fiber needs that did not end within Drop.
type dying struct {
	deadline int64 // when unwind begins
	unwind   bool  // awaits panic now
	panics   int   // how many have
}

// Drop cancels the fiber.
func (f *fiberBody) Drop() {
	if !f.running {
		return // not started, or ended
	}
	f.canceled = true
	f.ctx.inner.cancel()
	for range dropTries {
		if f.resume() {
			f.lastWords()
			return
		}
	}
	l := f.l
	now := l.drv.Now()
	f.dying = &dying{deadline: now + int64(l.cfg.Grace)}
	if len(l.dying) == 0 {
		l.reapAt = now + reapPeriod
	}
	l.dying = append(l.dying, f)
}

// reap resumes the dying fibers once.
func (l *Local) reap() {
	now := l.drv.Now()
	l.reapAt = now + reapPeriod
	l.reapBy(func(f *fiberBody) bool { return now >= f.dying.deadline })
}

// reapAll waits for the end of every dying fiber. It counts resumptions in
// place of reading the clock, which may be one that stands still.
func (l *Local) reapAll() {
	for waited := int64(0); len(l.dying) > 0; waited += reapPeriod {
		l.reapBy(func(*fiberBody) bool { return waited >= int64(l.cfg.Grace) })
		if len(l.dying) > 0 {
			time.Sleep(time.Duration(reapPeriod)) // nothing else runs any more
		}
	}
}

func (l *Local) reapBy(unwind func(*fiberBody) bool) {
	keep := l.dying[:0]
	for _, f := range l.dying {
		f.dying.unwind = unwind(f)
		switch ended := f.resume(); {
		case ended:
			f.lastWords()
		case f.dying.unwind:
			f.co.Abandon()
			l.cfg.Log.Error("rouse: a cancelled fiber resists and is abandoned; let it return when an await fails",
				"executor", l.cfg.Name, "task", f.home.Name(), "spawned", callsite.String(f.site))
		default:
			keep = append(keep, f)
		}
	}
	clear(l.dying[len(keep):])
	l.dying = keep
}

// lastWords is the end of a cancelled fiber. It reports a panic: no handle will.
func (f *fiberBody) lastWords() {
	f.letGo()
	if p := f.caught; p != nil {
		f.l.reportDrop(&rouse.PanicError{Value: p.value, Stack: p.stack, Name: f.home.Name(), Site: callsite.String(f.site)})
	}
}
