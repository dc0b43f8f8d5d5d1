package rouse

// state is the state word of a task: five flags, and nothing here knows more
// than the flags. Each transition takes the word as it is and returns the word
// as it shall be, with an outcome that says what the caller must do now. The
// local kind of task applies transitions to a plain word, the atomic kind in a
// compare-and-swap loop; the table is the same.
//
//	          schedule               start
//	(idle) ─────────────▶ SCHEDULED ────────▶ RUNNING
//	   ▲                      ▲                 │ │ │
//	   │       pend           │  pend (woken)   │ │ │
//	   └──────────────────────┼─────────────────┘ │ │
//	                          └───────────────────┘ │ finish
//	                                                ▼
//	                                            COMPLETED
type state uint32

const (
	// scheduled is set while the task is in a queue or about to be put there:
	// by wake, by abort of an idle task, at birth. Whoever turns it from clear
	// to set while running is clear passes the task to its schedule function,
	// once. While running is set, it only notes that a wake came. start clears
	// it before the poll, so that a wake at any moment after counts.
	scheduled state = 1 << iota

	// running is set by start, by the holder of the Runnable, for the length
	// of a poll or of the dropping of the future. While it is set nobody else
	// touches the future. pend or finish clears it.
	running

	// completed is set by finish, once, when the future is gone and the result
	// (or the reason that there is none) stands. Nothing follows but the end
	// of handle.
	completed

	// closed is set by abort: no poll follows, and whoever holds or gets the
	// Runnable drops the future. finish clears it if a result came first.
	closed

	// handle is set at birth and cleared when the JoinHandle is consumed,
	// dropped or detached. It says that somebody may still want the result.
	handle
)

// born is the word of a new task: to be scheduled, with a handle.
const born = scheduled | handle

// over is the state in which a wake or an abort does nothing.
const over = completed | closed

type wakeOutcome uint8

const (
	wakeIgnored  wakeOutcome = iota // over, or scheduled already
	wakeNoted                       // running: whoever runs it re-schedules it
	wakeSchedule                    // the caller passes it to the schedule function
)

func (s state) wake() (state, wakeOutcome) {
	switch {
	case s&(over|scheduled) != 0:
		return s, wakeIgnored
	case s&running != 0:
		return s | scheduled, wakeNoted
	default:
		return s | scheduled, wakeSchedule
	}
}

type startOutcome uint8

const (
	startPoll    startOutcome = iota // poll the future
	startDrop                        // it was aborted: drop the future
	startInvalid                     // not scheduled: a Runnable was used twice
)

func (s state) start() (state, startOutcome) {
	switch {
	case s&scheduled == 0 || s&(running|completed) != 0:
		return s, startInvalid
	case s&closed != 0:
		return s&^scheduled | running, startDrop
	default:
		return s&^scheduled | running, startPoll
	}
}

// discard is start for a holder who gives the task up instead of running it.
func (s state) discard() (state, startOutcome) {
	next, out := s.start()
	if out == startInvalid {
		return s, out
	}
	return next | closed, startDrop
}

type pendOutcome uint8

const (
	pendIdle  pendOutcome = iota // leave it; a wake will come
	pendAgain                    // woken meanwhile: pass it to the schedule function
	pendDrop                     // aborted meanwhile: drop the future, then finish
)

func (s state) pend() (state, pendOutcome) {
	switch {
	case s&closed != 0:
		return s &^ scheduled, pendDrop
	case s&scheduled != 0:
		return s &^ running, pendAgain
	default:
		return s &^ running, pendIdle
	}
}

type finishOutcome uint8

const (
	finishForHandle finishOutcome = iota // keep the result, wake the awaiter
	finishDetached                       // nobody wants the result
)

// finish ends a running task. canceled says that it ends without a result; a
// result beats an abort that came during the poll.
func (s state) finish(canceled bool) (state, finishOutcome) {
	s = s&^(running|scheduled) | completed
	if canceled {
		s |= closed
	} else {
		s &^= closed
	}
	if s&handle != 0 {
		return s, finishForHandle
	}
	return s, finishDetached
}

type abortOutcome uint8

const (
	abortIgnored  abortOutcome = iota // over already
	abortNoted                        // running or in a queue: its runner drops the future
	abortSchedule                     // idle: the caller passes it to the schedule function
)

func (s state) abort() (state, abortOutcome) {
	switch {
	case s&over != 0:
		return s, abortIgnored
	case s&(running|scheduled) != 0:
		return s | closed, abortNoted
	default:
		return s | closed | scheduled, abortSchedule
	}
}

type releaseOutcome uint8

const (
	releaseIgnored  releaseOutcome = iota // there was no handle
	releaseDetached                       // the task runs on
	releaseFinished                       // it had finished: nobody wants the result now
)

// release ends the handle.
func (s state) release() (state, releaseOutcome) {
	switch {
	case s&handle == 0:
		return s, releaseIgnored
	case s&completed == 0:
		return s &^ handle, releaseDetached
	default:
		return s &^ handle, releaseFinished
	}
}

// String names the flags, for tests and reports.
func (s state) String() string {
	names := [...]string{"SCHEDULED", "RUNNING", "COMPLETED", "CLOSED", "HANDLE"}
	text := ""
	for i, name := range names {
		if s&(1<<i) != 0 {
			if text != "" {
				text += "|"
			}
			text += name
		}
	}
	if text == "" {
		return "IDLE"
	}
	return text
}

// notScheduled panics. It stands by itself because the text needs 200 bytes of
// frame, and its callers run on the small stacks of fibers.
//
//go:noinline
func notScheduled(state string) {
	panic("rouse: Run of a Runnable that is not scheduled (" + state + "); run each Runnable once")
}
