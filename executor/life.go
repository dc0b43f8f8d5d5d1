package executor

import (
	"runtime"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// life is the part of a Local that other goroutines look at when they stop or
// close it. No lock here is ever taken on a wake path.
type life struct {
	atomics.Mutex
	owner   uintptr // the goroutine that runs it, see self; 0 before the first run
	place   place   // where that is
	inside  bool    // some run is going on, or Close is at work
	run     uint64  // how many runs there were
	stop    bool    // Stop was called for this run, or between runs for the next
	close   bool    // it is to be closed by the run that is going on, or is being closed
	closed  bool    // it is all over
	done    chan struct{}
	closing error  // what Close returns
	unpin   func() // undoes Config.CPU; nil if there is nothing to undo
}

// place is a goroutine on its thread.
type place struct {
	g      uintptr
	thread int
}

func here() place { return place{gid.Get(), threadID()} }

// self names the calling goroutine; life must be locked. With a locked thread a
// name that was given twice could kill the process (coroutines must be resumed
// on their thread), so there it is the one that Go never gives twice. That
// costs 3 µs, which a run that finds itself where the last one was is spared: a
// locked thread is its goroutine's alone, and ends with it.
func (l *Local) self() uintptr {
	if !l.locks() {
		return gid.Identity()
	}
	if at := here(); at.g != 0 && at.thread != 0 && at == l.life.place {
		return l.life.owner
	}
	return gid.Unique()
}

// enter begins a run. On success leave must be deferred.
func (l *Local) enter() error {
	lf := &l.life
	lf.Lock()
	defer lf.Unlock()
	me := l.self()
	switch {
	case lf.closed || lf.close:
		return rouse.ErrClosed
	case lf.inside:
		panic("rouse: the executor " + l.cfg.Name + " is running already; spawn tasks into it instead of running it twice")
	case lf.owner != 0 && lf.owner != me:
		panic("rouse: the executor " + l.cfg.Name + " was run by another goroutine before; run it where it was first run")
	}
	l.loop.Enter() // panics on a goroutine that runs an executor
	if lf.owner == 0 {
		if err := l.settle(); err != nil {
			l.loop.Leave()
			return err
		}
		lf.owner, lf.place = me, here()
	}
	lf.inside = true
	lf.run++
	l.halt = lf.stop
	l.returned = false
	return nil
}

// settle binds the goroutine of the first run to its thread, and that to a CPU,
// as far as the driver and the Config want it.
func (l *Local) settle() error {
	if !l.locks() {
		return nil
	}
	runtime.LockOSThread()
	if l.cfg.CPU == 0 {
		return nil
	}
	unpin, err := pin(l.cfg.CPU - 1)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	l.life.unpin = unpin
	return nil
}

// unsettle undoes settle, on the same goroutine: the thread goes back to Go's
// pool as it came.
func (l *Local) unsettle() {
	if !l.locks() {
		return
	}
	if l.life.unpin != nil {
		l.life.unpin()
	}
	runtime.UnlockOSThread()
}

// leave ends a run. If a panic or a Goexit goes through the run, nobody will
// run the executor again: it is closed, so that no joiner waits in vain.
func (l *Local) leave() {
	l.current = nil
	l.loop.Leave()
	lf := &l.life
	lf.Lock()
	lf.close = lf.close || !l.returned
	if lf.close { // inside stays set until all is over
		lf.Unlock()
		_ = l.finish(true) // whoever calls Close gets it
		return
	}
	lf.inside, lf.stop = false, false
	lf.Unlock()
}

// locks reports whether the loop's goroutine is to be locked to its thread: the
// portable driver parks on a channel, which a locked goroutine does slowly, so
// there only pinning makes it so.
func (l *Local) locks() bool { return l.needsThread }

// Stop ends the Run that is going on, or else the next one, as soon as the
// polls that are due now are through. From anywhere, any number of times; after
// Close it does nothing.
func (l *Local) Stop() {
	l.life.Lock()
	l.life.stop = true
	l.life.Unlock()
	l.lookAtStop()
}

// stopRun is Stop for one run: it does nothing if that is over.
func (l *Local) stopRun(run uint64) {
	lf := &l.life
	lf.Lock()
	current := lf.inside && lf.run == run
	if current {
		lf.stop = true
	}
	lf.Unlock()
	if current {
		l.lookAtStop()
	}
}

// lookAtStop has the loop notice that it is to stop.
func (l *Local) lookAtStop() {
	_ = l.loop.Inject(func(*rouse.Context) { // closed: nothing to stop
		l.life.Lock()
		l.halt = l.life.stop || l.life.close
		l.life.Unlock()
	})
}
