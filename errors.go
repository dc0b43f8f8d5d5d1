package rouse

import (
	"context"
	"sync/atomic"
)

// ErrCanceled is the result of a task that was aborted, or whose executor shut
// down before it finished. errors.Is(err, context.Canceled) holds for it.
var ErrCanceled error = new(canceled)

type canceled struct{ _ byte }

func (*canceled) Error() string { return "rouse: task canceled" }

func (*canceled) Is(target error) bool { return target == context.Canceled }

// ErrGoexit is the result of a task whose code called runtime.Goexit.
var ErrGoexit error = &sentinel{"rouse: task ended by runtime.Goexit"}

// ErrClosed is returned for work that was handed to an executor after its end.
var ErrClosed error = &sentinel{"rouse: executor is closed"}

type sentinel struct{ text string }

func (s *sentinel) Error() string { return s.text }

// A PanicError is the result of a task that panicked.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine at the panic
	Name  string // the task's name, or its queue's
	Site  string // file:line of the spawn, if it was recorded

	audience Audience
	taken    atomic.Bool
}

// Audience says who was there to see a panic.
type Audience uint8

const (
	// Awaited: a JoinHandle's awaiter was waiting and has been woken.
	Awaited Audience = iota
	// Held: there is a handle that nobody awaits yet.
	Held
	// Detached: nobody will ever see it.
	Detached
)

// Audience says who was there to see it when the task ended.
func (e *PanicError) Audience() Audience { return e.audience }

// noteAudience completes the PanicError of a task that has just finished, if
// it has one.
func (h *header) noteAudience(out finishOutcome, awaiter Waker) {
	p, ok := h.ops().failure().(*PanicError)
	switch {
	case !ok:
	case out == finishDetached, h.remote.Load()&wordTaken != 0: // detached, or that is in the mail
		p.audience = Detached
	case awaiter.IsZero():
		p.audience = Held
	}
}

// Error says which task panicked, with what, and where.
func (e *PanicError) Error() string {
	s := "rouse: task"
	if e.Name != "" {
		s += " " + e.Name
	}
	if e.Site != "" {
		s += " spawned at " + e.Site
	}
	return s + " panicked: " + printPanic(e.Value) + "\n\n" + string(e.Stack)
}

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Taken reports whether some JoinHandle has handed the error out.
func (e *PanicError) Taken() bool { return e.taken.Load() }

// take marks a PanicError as handed out; other errors pass unchanged.
func take(err error) error {
	if p, ok := err.(*PanicError); ok {
		p.taken.Store(true)
	}
	return err
}
