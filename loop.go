package rouse

import (
	"github.com/rouse-go/rouse/internal/atomics"
	"github.com/rouse-go/rouse/internal/gid"
)

// A Loop is the identity of the goroutine that runs local tasks, the mailbox
// through which everybody else reaches them, and the list of those that live.
// An executor that runs local tasks has one; the zero Loop is not ready, use
// [NewLoop].
type Loop struct {
	// g is the number of the goroutine that runs the loop, 0 outside Enter and
	// Leave. It is written by that goroutine and compared by anybody with his
	// own number: only the goroutine that wrote itself there finds itself.
	g atomics.Uintptr

	fibers fiberSet // goroutines that are at home, too
	seat   seat     // see onloop.go

	inbox atomics.Pointer[header] // see remote.go
	calls atomics.Pointer[call]   // see inject.go
	due   *call                   // home: calls that were taken, and not run yet

	unpark func()
	report func(*PanicError)

	newest  *header // live tasks, by older
	live    int
	closing bool
}

// NewLoop returns a Loop. unpark ends the sleep of the loop's goroutine; it is
// called from any goroutine, when the first mail since the last [Loop.Deliver]
// has been put in the box, and must take no lock. report is called on the
// loop's goroutine with a panic that a Drop threw, or on the spawner's if the
// loop had closed before the task could reach it.
func NewLoop(unpark func(), report func(*PanicError)) *Loop {
	return &Loop{unpark: unpark, report: report}
}

// Enter makes the calling goroutine the loop's home until Leave. It panics if
// the goroutine runs a loop already: executors don't nest.
func (l *Loop) Enter() {
	l.seat.take()
	l.g.Store(gid.Get())
}

// Leave ends what Enter began.
func (l *Loop) Leave() {
	l.g.Store(0)
	l.seat.leave()
	if l.closing {
		l.seat.giveUp()
	}
}

// AtHome reports whether the caller runs on the loop's goroutine, or in the
// fiber that it has switched to. False where goroutines can't be told apart.
func (l *Loop) AtHome() bool {
	g := gid.Get()
	return g != 0 && (g == l.g.Load() || l.fibers.has(g))
}

// Live returns the number of tasks that have not finished. Only at home.
func (l *Loop) Live() int { return l.live }

func (l *Loop) link(h *header) {
	h.older = l.newest
	if h.older != nil {
		h.older.newer = h
	}
	l.newest = h
	l.live++
}

func (l *Loop) unlink(h *header) {
	if h.newer != nil {
		h.newer.older = h.older
	} else if h.remote.Load()&mailSpawn != 0 {
		return // never linked, and we may be elsewhere: dropped before it reached home
	} else {
		l.newest = h.older // an unfinished task with none newer is the newest
	}
	if h.older != nil {
		h.older.newer = h.newer
	}
	h.older, h.newer = nil, nil
	l.live--
}

// Close drops every live task, newest first, each once; their awaiters get
// [ErrCanceled]. Spawns that come meanwhile, from destructors or from other
// goroutines, are cancelled too; afterwards mail is refused. Only on the
// loop's goroutine, outside any poll, with a Context of this loop. Closing
// again does nothing.
func (l *Loop) Close(cx *Context) {
	if l.closing {
		return
	}
	l.closing = true
	l.Deliver(cx)
	// What comes after these swaps is refused, so that nobody who goes on
	// sending can hold Close up. Mail first, then calls: a caller whose Inject
	// is refused may rely on every task being finished. See remote.go.
	deliverMail(l.inbox.Swap(noMail))
	l.cancelAll()
	l.enqueue(l.calls.Swap(noCalls))
	l.runCalls(cx)
	l.cancelAll()
	l.seat.giveUp()
}

func (l *Loop) cancelAll() {
	for l.newest != nil {
		l.newest.cancelHome()
	}
}
