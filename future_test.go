package rouse

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestPendingIsOneValue(t *testing.T) {
	if !isPending(Pending) || isPending(nil) || isPending(fmt.Errorf("%w", Pending)) || isPending(errors.New("x")) {
		t.Error("isPending takes something else for Pending, or not Pending")
	}
	if Pending.Error() == "" || errors.Is(ErrCanceled, Pending) {
		t.Error("Pending and ErrCanceled are mixed up")
	}
}

func TestSentinels(t *testing.T) {
	if !errors.Is(ErrCanceled, context.Canceled) || errors.Is(ErrGoexit, context.Canceled) || errors.Is(ErrClosed, context.Canceled) {
		t.Error("ErrCanceled, and only that, is context.Canceled")
	}
	if ErrCanceled == ErrGoexit || ErrGoexit == ErrClosed {
		t.Error("two sentinels are one")
	}
	for _, err := range []error{ErrCanceled, ErrGoexit, ErrClosed, Pending} {
		if text := err.Error(); len(text) < 8 || text[:7] != "rouse: " {
			t.Errorf("message %q", text)
		}
	}
}

func TestReadyAndFutureFunc(t *testing.T) {
	cx := NewContext(Waker{})
	if v, err := Ready("x").Poll(cx); v != "x" || err != nil {
		t.Errorf("Ready: %q, %v", v, err)
	}
	f := FutureFunc[int](func(got *Context) (int, error) {
		if got != cx {
			t.Error("polled with another Context")
		}
		return 3, Pending
	})
	if v, err := f.Poll(cx); v != 3 || err != Pending {
		t.Errorf("FutureFunc: %d, %v", v, err)
	}
}

func TestConformance_109_YieldGoesToTheBack(t *testing.T) {
	bothKinds(t, func(t *testing.T, x *rig) {
		var order []int
		for id := range 3 {
			y := Yield()
			x.spawn(FutureFunc[int](func(cx *Context) (int, error) {
				order = append(order, id)
				if _, err := y.Poll(cx); err != nil {
					return 0, err
				}
				return 0, nil
			}))
		}
		x.tick()
		if got := fmt.Sprint(order); got != "[0 1 2 0 1 2]" {
			t.Errorf("order of polls %s", got)
		}
	})
}

func TestYieldMayBeUsedAgain(t *testing.T) {
	var y Yielding
	log := new(wakeLog)
	cx := NewContext(NewWaker(log))
	for i := range int32(3) {
		if _, err := y.Poll(cx); err != Pending || log.wakes.Load() != i+1 {
			t.Errorf("round %d: %v, %d wakes", i, err, log.wakes.Load())
		}
		if _, err := y.Poll(cx); err != nil || log.wakes.Load() != i+1 {
			t.Errorf("round %d: %v, %d wakes", i, err, log.wakes.Load())
		}
	}
}

func TestOutcomeString(t *testing.T) {
	for o, want := range map[Outcome]string{Idle: "Idle", Rescheduled: "Rescheduled", Completed: "Completed", Canceled: "Canceled", Panicked: "Panicked"} {
		if o.String() != want {
			t.Errorf("%d is %s, want %s", o, o, want)
		}
	}
}
