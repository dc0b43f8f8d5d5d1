package rouse

import (
	"errors"
	"fmt"
	"testing"
)

// The matrix of all ways in which a task can end: when it is aborted, what its
// polls do, what becomes of its handle, whether Drop panics; for both kinds,
// with the operations done at home and elsewhere. In every cell:
//
//   - Drop was called once if no poll returned a result, else not at all;
//   - the awaiter is told after that, and gets the right result;
//   - the cell refers no longer to the future, nor to an output nobody wants.
var (
	errPolled = errors.New("the poll's own error")

	abortTimes  = []string{"never", "unscheduled", "queued", "during poll", "idle", "at the end"}
	pollEndings = []string{"ready", "error", "panic", "pending, ready", "pending, error", "pending, panic", "pending for ever"}
	handleFates = []string{"kept", "awaited", "dropped at once", "dropped during poll", "dropped at the end"}
)

func TestConformance_042_044_Matrix(t *testing.T) {
	for _, abort := range abortTimes {
		for _, ending := range pollEndings {
			for _, fate := range handleFates {
				for _, dropPanics := range []bool{false, true} {
					m := matrixCell{abort, ending, fate, dropPanics}
					t.Run(m.String(), func(t *testing.T) { bothKindsAndPlaces(t, m.test) })
				}
			}
		}
	}
}

type matrixCell struct {
	abort, ending, fate string
	dropPanics          bool
}

func (m matrixCell) String() string {
	return fmt.Sprintf("abort %s/polls %s/handle %s/drop panics %v", m.abort, m.ending, m.fate, m.dropPanics)
}

// expect is the specification: how many polls and drops, and what the handle
// yields.
func (m matrixCell) expect() (polls, drops int32, out Outcome) {
	pends := len(m.ending) > 7 && m.ending[:7] == "pending"
	last := m.ending
	if pends {
		last = m.ending[9:]
		if m.ending == "pending for ever" {
			last = "for ever"
		}
	}
	switch {
	case m.abort == "unscheduled" || m.abort == "queued":
		return 0, 1, Canceled
	case pends && (m.abort == "during poll" || m.abort == "idle"):
		return 1, 1, Canceled
	}
	polls = 1
	if pends {
		polls = 2
	}
	switch last {
	case "ready", "error":
		return polls, 0, Completed // the result wins, also over an abort during the poll
	case "panic":
		return polls, 1, Panicked
	default: // for ever: aborted at the end, or not at all
		if m.abort == "at the end" {
			return polls, 1, Canceled
		}
		return polls, 0, Idle
	}
}

func (m matrixCell) test(t *testing.T, x *rig, at func(func())) {
	wantPolls, wantDrops, want := m.expect()

	var j JoinHandle[int]
	p := &probe{}
	p.script = func(_ *Context, poll int) (int, error) {
		if poll == 1 {
			if m.abort == "during poll" {
				at(j.Abort)
			}
			if m.fate == "dropped during poll" {
				at(j.Detach)
			}
		}
		ending := m.ending
		switch ending {
		case "pending for ever":
			return 0, Pending
		case "pending, ready", "pending, error", "pending, panic":
			if poll == 1 {
				return 0, Pending
			}
			ending = ending[len("pending, "):]
		}
		switch ending {
		case "panic":
			panic("thrown")
		case "error":
			return 5, errPolled
		}
		return 5, nil
	}
	if m.dropPanics {
		p.onDrop = func() { panic("thrown by Drop") }
	}

	r, handle := x.make(p)
	j = handle
	h := r.h
	w := r.Waker()

	// The awaiter looks, when it is woken, at whether the future is gone.
	told := 0
	awaiter := NewWaker(byFunc(func() {
		told++
		p.checkDrops(t, wantDrops)
		if h.ops().future() != nil {
			t.Error("the awaiter was woken before the future was gone")
		}
	}))

	if m.abort == "unscheduled" {
		at(j.Abort)
	}
	r.Schedule()
	if m.abort == "queued" {
		at(j.Abort)
	}
	switch m.fate {
	case "awaited":
		if _, err := x.poll(j, awaiter); err != Pending {
			t.Fatalf("poll of the handle before the run: %v", err)
		}
	case "dropped at once":
		at(j.Detach)
	}
	x.tick()
	if m.abort == "idle" {
		at(j.Abort)
		x.tick()
	}
	w.WakeByRef()
	x.tick()
	if m.abort == "at the end" {
		at(j.Abort)
		x.tick()
	}

	p.check(t, wantPolls, wantDrops)
	dropped := m.fate == "dropped at once" || m.fate == "dropped during poll" && wantPolls > 0
	if want == Idle {
		if told != 0 || j.IsFinished() {
			t.Errorf("unfinished: told %d times, IsFinished %v", told, j.IsFinished())
		}
		x.wantLive(1)
		return
	}
	x.wantLive(0)
	if x.outcomes[want] != 1 || x.outcomes[Completed]+x.outcomes[Canceled]+x.outcomes[Panicked] != 1 {
		t.Errorf("outcomes %v, want one %v", x.outcomes, want)
	}
	if m.fate == "awaited" != (told == 1) {
		t.Errorf("the awaiter was told %d times", told)
	}
	if h.ops().future() != nil {
		t.Error("the cell still refers to the future")
	}
	m.checkReports(t, x, wantDrops)
	if want == Panicked {
		m.checkAudience(t, x.panics[0], dropped)
	}

	s := slotOf[int](h)
	switch {
	case dropped, m.fate == "dropped at the end":
		if !dropped {
			at(j.Detach)
			x.tick()
		}
		if s.out != 0 {
			t.Error("the cell keeps an output that nobody wants")
		}
		// A detached panic stays with a cell that is not reused, for Panic.
		if _, panicked := s.err.(*PanicError); s.err != nil && !panicked {
			t.Errorf("the cell keeps the error %v", s.err)
		}
	default:
		var v int
		var err error
		at(func() { v, err = j.Poll(NewContext(Waker{})) })
		m.checkResult(t, want, v, err)
		x.tick()
		if s.out != 0 || s.err != nil {
			t.Errorf("the cell keeps %d, %v", s.out, s.err)
		}
	}
	if n := x.tick(); n != 0 {
		t.Errorf("%d runs after the end", n)
	}
	p.check(t, wantPolls, wantDrops)
	at(w.Drop)
}

func (m matrixCell) checkResult(t *testing.T, want Outcome, v int, err error) {
	t.Helper()
	switch want {
	case Canceled:
		if v != 0 || err != ErrCanceled {
			t.Errorf("joined %d, %v; want ErrCanceled", v, err)
		}
	case Panicked:
		if e, ok := err.(*PanicError); !ok || e.Value != "thrown" || v != 0 {
			t.Errorf("joined %d, %v; want a PanicError", v, err)
		} else if !e.Taken() {
			t.Error("the PanicError doesn't know that it was taken")
		}
	case Completed:
		var wantErr error
		if m.ending == "error" || m.ending == "pending, error" {
			wantErr = errPolled
		}
		if v != 5 || err != wantErr {
			t.Errorf("joined %d, %v; want 5, %v", v, err, wantErr)
		}
	}
}

// checkReports: a panic of Drop is reported once. The atomic kind has nobody to
// report to.
func (m matrixCell) checkReports(t *testing.T, x *rig, drops int32) {
	t.Helper()
	want := 0
	if m.dropPanics && drops == 1 && x.loop != nil {
		want = 1
	}
	if len(x.reports) != want {
		t.Errorf("%d reports, want %d", len(x.reports), want)
	}
	for _, e := range x.reports {
		if e.Value != "thrown by Drop" || e.Name != "rig" || len(e.Stack) == 0 {
			t.Errorf("reported %v", e)
		}
	}
}

func (m matrixCell) checkAudience(t *testing.T, e *PanicError, dropped bool) {
	t.Helper()
	want := Held
	switch {
	case m.fate == "awaited":
		want = Awaited
	case dropped:
		want = Detached
	}
	if e == nil {
		t.Error("Run returned Panicked and Panic returns nil")
	} else if e.Audience() != want || e.Value != "thrown" {
		t.Errorf("Panic returns %v with audience %d, want %d", e.Value, e.Audience(), want)
	}
}
