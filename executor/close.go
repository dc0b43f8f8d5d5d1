package executor

import (
	"errors"
	"fmt"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/census"
)

// Close ends the executor: every task is dropped, once, and its awaiter gets
// [rouse.ErrCanceled]; fibers are unwound, which takes Config.Grace at most;
// descriptors are closed. Jobs of [Blocking] that run already run on, and
// nobody waits for them but [Local.WaitBlocking]. It returns the panics that no handle has handed out,
// joined with what closing the driver had to say. Closing again returns the
// same. Afterwards a run returns [rouse.ErrClosed], and what is spawned is
// cancelled at once.
//
// It is meant for the goroutine that runs the executor, after Run. From another
// goroutine it asks the Run that is going on to do it, and waits; if none is
// going on it closes there and then, unless the executor has had fibers, which
// only the thread that they ran on can end: then it returns an error. So it
// does inside a task, of whatever executor: call [Local.Stop] there.
func (l *Local) Close() error {
	onLoop := rouse.OnLoop()
	lf := &l.life
	lf.Lock()
	me := l.self()
	switch {
	case lf.closed:
		defer lf.Unlock()
		return lf.closing
	case onLoop:
		lf.Unlock()
		return errCloseInside
	case lf.inside:
		lf.close = true
		lf.Unlock()
		l.lookAtStop()
		<-lf.done
		return lf.closing
	case lf.owner != 0 && lf.owner != me && l.locks() && l.coros.Alive() > 0:
		lf.Unlock()
		return errors.New("rouse: Close on another goroutine than the one that ran the executor, which has had fibers; call it there")
	}
	lf.inside, lf.close = true, true // nobody else may run it now
	owner := lf.owner == me
	lf.Unlock()
	return l.finish(owner)
}

// errCloseInside is what Close of any executor returns in a task.
var errCloseInside = errors.New("rouse: Close inside a task would wait for the task itself; call Stop there, and Close when Run has returned")

// finish closes, and lets everybody know. owner says that we are on the
// goroutine that ran the executor, and so have its thread.
func (l *Local) finish(owner bool) (err error) {
	defer func() { // also if a waker that isn't ours panics
		lf := &l.life
		lf.Lock()
		lf.inside, lf.closed, lf.closing = false, true, err
		lf.Unlock()
		census.Executors.Add(-1)
		close(lf.done)
	}()
	return l.end(owner)
}

// end does the work of Close.
func (l *Local) end(owner bool) error {
	l.loop.Enter()
	l.forgetAll()
	l.loop.Close(l.cx)
	l.reapAll()
	abandoned := l.coros.Close()
	l.count(abandoned)
	l.clock.Close()
	l.loop.Leave()
	if abandoned > 0 {
		l.cfg.Log.Warn("rouse: fibers abandoned", "executor", l.cfg.Name, "count", abandoned)
	}
	l.blocking.close()
	err := l.drv.Close()
	if err != nil {
		err = fmt.Errorf("rouse: closing the %s driver: %w", l.drv.Name(), err)
	}
	if owner {
		l.unsettle()
	}
	return errors.Join(l.untaken(), err)
}

// count tells the census what is there when nothing should be.
func (l *Local) count(abandoned int) {
	census.Tasks.Add(l.loop.Live())
	census.Fibers.Add(l.coros.Alive() + abandoned)
	census.Timers.Add(l.clock.Len())
}

// die ends the executor because of a detached panic, and panics with it.
func (l *Local) die() { panic(l.fatal) } // the run's deferred leave closes
