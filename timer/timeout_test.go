package timer_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

func TestErrTimeoutIsWhatTheStandardLibraryExpects(t *testing.T) {
	err := fmt.Errorf("dialing: %w", timer.ErrTimeout)
	for _, target := range []error{timer.ErrTimeout, context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		if !errors.Is(err, target) {
			t.Errorf("ErrTimeout is not %v", target)
		}
	}
	var ne net.Error
	if !errors.As(timer.ErrTimeout, &ne) || !ne.Timeout() {
		t.Error("ErrTimeout is no net.Error that timed out")
	}
	if errors.Is(timer.ErrTimeout, context.Canceled) {
		t.Error("ErrTimeout is context.Canceled")
	}
}

// both makes a Timeout of 10 ticks and a Deadline at tick 10.
var both = map[string]func(f rouse.Future[int]) rouse.Future[int]{
	"Timeout":  func(f rouse.Future[int]) rouse.Future[int] { return timer.Timeout(f, 10*tick) },
	"Deadline": func(f rouse.Future[int]) rouse.Future[int] { return timer.Deadline(f, int64(10*tick)) },
}

func eachForm(t *testing.T, test func(t *testing.T, s *stage, limit func(rouse.Future[int]) rouse.Future[int])) {
	for name, f := range both {
		t.Run(name, func(t *testing.T) { test(t, onStage(t), f) })
	}
}

func TestTheResultComesInTime(t *testing.T) {
	eachForm(t, func(t *testing.T, s *stage, limit func(rouse.Future[int]) rouse.Future[int]) {
		p := &probe{readyAt: 2}
		j := executor.Spawn(s.l, limit(p))
		s.idle()
		s.armed(1)
		s.to(9 * tick)
		p.waker.WakeByRef()
		if v, err := executor.RunUntil(s.l, rouse.Future[int](j)); v != 7 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		p.check(t, 2, 0)
		s.armed(0)
	})
}

func TestTheTimeIsUp(t *testing.T) {
	eachForm(t, func(t *testing.T, s *stage, limit func(rouse.Future[int]) rouse.Future[int]) {
		p := &probe{}
		f := limit(p)
		j := executor.Spawn(s.l, f)
		s.idle()
		s.to(10*tick - 1)
		if j.IsFinished() {
			t.Error("early")
		}
		s.to(10 * tick)
		if _, err := executor.RunUntil(s.l, rouse.Future[int](j)); err != timer.ErrTimeout {
			t.Errorf("%v", err)
		}
		p.check(t, 2, 1) // looked at once more, then dropped, once
		s.armed(0)
		s.do(func(cx *rouse.Context) { mustPanic(t, "polled after its result", func() { f.Poll(cx) }) })
	})
}

// The result is there when the time is up: it is not lost.
func TestResultAndTimeoutTogether(t *testing.T) {
	eachForm(t, func(t *testing.T, s *stage, limit func(rouse.Future[int]) rouse.Future[int]) {
		p := &probe{readyAt: 2}
		j := executor.Spawn(s.l, limit(p))
		s.idle()
		s.to(time.Hour) // nothing but the timer wakes it
		if v, err := executor.RunUntil(s.l, rouse.Future[int](j)); v != 7 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
		p.check(t, 2, 0)
	})
}

func TestDropOfATimeoutDropsBoth(t *testing.T) {
	eachForm(t, func(t *testing.T, s *stage, limit func(rouse.Future[int]) rouse.Future[int]) {
		p, unpolled := &probe{}, &probe{}
		j := executor.Spawn(s.l, limit(p))
		s.idle()
		s.armed(1)
		j.Abort()
		executor.Spawn(s.l, limit(unpolled)).Abort()
		s.idle()
		p.check(t, 1, 1)
		unpolled.check(t, 0, 1)
		s.armed(0)
	})
}

func TestATimeoutThatIsOverAtOnceStillPolls(t *testing.T) {
	s := onStage(t)
	s.to(50 * tick)
	for name, limit := range map[string]func(f rouse.Future[int]) rouse.Future[int]{
		"Timeout(0)":     func(f rouse.Future[int]) rouse.Future[int] { return timer.Timeout(f, 0) },
		"Timeout(-1)":    func(f rouse.Future[int]) rouse.Future[int] { return timer.Timeout(f, -1) },
		"Deadline(past)": func(f rouse.Future[int]) rouse.Future[int] { return timer.Deadline(f, 1) },
	} {
		ready, pending := &probe{readyAt: 1}, &probe{}
		if v, err := executor.RunUntil(s.l, limit(ready)); v != 7 || err != nil {
			t.Errorf("%s: %d, %v", name, v, err)
		}
		if _, err := executor.RunUntil(s.l, limit(pending)); err != timer.ErrTimeout {
			t.Errorf("%s: %v", name, err)
		}
		ready.check(t, 1, 0)
		pending.check(t, 1, 1)
	}
}

func TestAPanicBelowATimeoutGivesUpTheTimer(t *testing.T) {
	s := onStage(t)
	polls := 0
	f := timer.Timeout(rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		if polls++; polls == 2 {
			panic("below")
		}
		return 0, rouse.Pending
	})), 10*tick)
	j := executor.Spawn(s.l, f)
	s.idle()
	s.armed(1)
	s.drv.AdvanceTo(int64(10 * tick))
	_, err := executor.RunUntil(s.l, rouse.Future[int](j))
	var p *rouse.PanicError
	if !errors.As(err, &p) {
		t.Errorf("%v", err)
	}
	s.armed(0)
}
