package executor

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/rouse-go/rouse"
)

// Close ends the executor: every task is dropped, once, and its awaiter gets
// [rouse.ErrCanceled]; fibers are unwound; descriptors are closed. It returns
// the panics that no handle has handed out, joined with what closing the
// driver had to say. Closing again returns the same.
//
// It is meant for the goroutine that runs the executor, after Run. From
// another goroutine it asks the Run that is going on to do it, and waits.
// Inside a task it fails: call [Local.Stop] there.
func (l *Local) Close() error {
	lf := &l.life
	lf.Lock()
	switch {
	case lf.closed:
		defer lf.Unlock()
		return lf.closing
	case lf.inside && (l.loop.AtHome() || rouse.OnLoop()):
		lf.Unlock()
		return errors.New("rouse: Close inside a task; call Stop there, and Close when Run has returned")
	case lf.inside:
		lf.close = true
		done := lf.done
		lf.Unlock()
		_ = l.loop.Inject(func(*rouse.Context) { l.halt = l.stopped() })
		<-done
		return lf.closing
	case !lf.onOwner() && l.locks() && l.coros.Alive() > 0:
		lf.Unlock()
		return errors.New("rouse: Close on another goroutine than the one that ran the executor, which has fibers; call it there")
	}
	owner := lf.owner != 0 && lf.onOwner()
	lf.inside = true // nobody else may run it now
	lf.Unlock()

	err := l.end(owner)

	lf.Lock()
	lf.inside, lf.closed, lf.closing = false, true, err
	close(lf.done)
	lf.Unlock()
	return err
}

// end does the work of Close. owner says that we are on the goroutine that ran
// the executor, and so have its thread.
func (l *Local) end(owner bool) error {
	l.loop.Enter()
	l.forgetAll()
	l.loop.Close(l.cx)
	l.reapAll()
	abandoned := l.coros.Close()
	l.loop.Leave()
	if abandoned > 0 {
		l.cfg.Log.Warn("rouse: fibers abandoned", "executor", l.cfg.Name, "count", abandoned)
	}
	l.blocking.close()
	err := l.drv.Close()
	if err != nil {
		err = fmt.Errorf("rouse: closing the %s driver: %w", l.drv.Name(), err)
	}
	if owner && l.locks() {
		runtime.UnlockOSThread()
	}
	return errors.Join(l.untaken(), err)
}

// die ends the executor because of a detached panic, and panics with it.
func (l *Local) die() {
	p := l.fatal
	lf := &l.life
	lf.Lock()
	lf.close = true
	lf.Unlock()
	panic(p) // Run's deferred leave closes
}
