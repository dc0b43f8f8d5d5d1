package timer_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/internal/gid"
	"github.com/rouse-go/rouse/internal/leakcheck"
	"github.com/rouse-go/rouse/timer"
)

// inFiber runs fn as a fiber while the clock goes to d, tick by tick.
func (s *stage) inFiber(d time.Duration, fn func(ctx context.Context) error) {
	s.t.Helper()
	j := executor.SpawnFiber(s.l.Context(s.t.Context()), s.l, func(ctx context.Context) (int, error) { return 0, fn(ctx) })
	s.idle()
	for at := time.Duration(s.drv.Now()); at <= d && !j.IsFinished(); at += tick {
		s.to(at)
	}
	if !j.IsFinished() {
		s.t.Fatalf("not over at %v", d)
	}
	if _, err := executor.RunUntil(s.l, rouse.Future[int](j)); err != nil {
		s.t.Error(err)
	}
}

func TestWithTimeoutInAFiber(t *testing.T) {
	s := onStage(t)
	s.inFiber(20*tick, func(ctx context.Context) error {
		wall := s.drv.Wall()
		timed, cancel := timer.WithTimeout(ctx, 5*tick)
		defer cancel()
		s.armedNow(1)
		child, cancelChild := context.WithCancel(context.WithValue(timed, limit, 1))
		defer cancelChild()
		if at, ok := timed.Deadline(); !ok || !at.Equal(wall.Add(5*tick)) {
			t.Errorf("deadline %v", at)
		}
		if timed.Err() != nil || context.Cause(timed) != nil || child.Err() != nil {
			t.Error("over before its time")
		}
		_, err := rouse.Await(timed, rouse.Future[int](&probe{}))
		if err != context.DeadlineExceeded {
			t.Errorf("the await: %v", err)
		}
		if now := time.Duration(s.drv.Now()); now != 5*tick {
			t.Errorf("over at %v", now)
		}
		<-timed.Done() // closed
		if timed.Err() != context.DeadlineExceeded || context.Cause(timed) != timer.ErrTimeout {
			t.Errorf("Err %v, Cause %v", timed.Err(), context.Cause(timed))
		}
		<-child.Done() // as deterministic
		if child.Err() != context.DeadlineExceeded || context.Cause(child) != timer.ErrTimeout {
			t.Errorf("child: Err %v, Cause %v", child.Err(), context.Cause(child))
		}
		late, cancelLate := context.WithCancel(timed)
		defer cancelLate()
		if late.Err() != context.DeadlineExceeded {
			t.Errorf("derived afterwards: %v", late.Err())
		}
		s.armed(0)
		return ctx.Err()
	})
}

func TestCancelGivesUpTheAlarm(t *testing.T) {
	s := onStage(t)
	s.inFiber(tick, func(ctx context.Context) error {
		timed, cancel := timer.WithTimeout(ctx, time.Hour)
		s.armedNow(1)
		cancel()
		cancel()
		s.armedNow(0)
		<-timed.Done()
		if timed.Err() != context.Canceled || context.Cause(timed) != context.Canceled {
			t.Errorf("Err %v, Cause %v", timed.Err(), context.Cause(timed))
		}
		return nil
	})
}

func TestWithTimeoutNestsLikeContexts(t *testing.T) {
	s := onStage(t)
	s.inFiber(20*tick, func(ctx context.Context) error {
		outer, cancelOuter := timer.WithTimeout(ctx, 3*tick)
		defer cancelOuter()
		inner, cancelInner := timer.WithTimeout(outer, time.Hour)
		defer cancelInner()
		if a, _ := outer.Deadline(); true {
			if b, ok := inner.Deadline(); !ok || !b.Equal(a) {
				t.Errorf("deadline %v, the outer one is %v", b, a)
			}
		}
		if err := sleep(inner, time.Hour); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
		if err := sleep(outer, 0); err != context.DeadlineExceeded {
			t.Errorf("%v", err)
		}
		return nil
	})
	s.armed(0)
}

func TestWithTimeoutOfNothingIsOverAtOnce(t *testing.T) {
	s := onStage(t)
	s.inFiber(tick, func(ctx context.Context) error {
		for _, d := range []time.Duration{0, -1} {
			timed, cancel := timer.WithTimeout(ctx, d)
			<-timed.Done()
			if timed.Err() != context.DeadlineExceeded {
				t.Errorf("%v", timed.Err())
			}
			cancel()
			s.armed(0)
		}
		return nil
	})
}

func TestWithTimeoutEndsWithItsParent(t *testing.T) {
	s := onStage(t)
	s.inFiber(tick, func(ctx context.Context) error {
		parent, cancelParent := context.WithCancel(ctx)
		timed, cancel := timer.WithTimeout(parent, time.Hour)
		cancelParent()
		if timed.Err() != context.Canceled {
			t.Errorf("Err %v", timed.Err())
		}
		<-timed.Done()
		cancel()
		return nil
	})
}

// In a goroutine the ctx is the executor's all the same.
func TestWithTimeoutInAGoroutine(t *testing.T) {
	bound(t)
	drv, err := manual.New(manual.Config{AutoAdvance: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := executor.New(executor.Config{Driver: drv})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- l.Run(t.Context()) }()
	ctx := l.Context(t.Context())

	timed, cancel := timer.WithTimeout(ctx, time.Hour) // an hour of the executor's clock
	receive(t, timed.Done())
	if timed.Err() != context.DeadlineExceeded || context.Cause(timed) != timer.ErrTimeout {
		t.Errorf("Err %v, Cause %v", timed.Err(), context.Cause(timed))
	}
	cancel()
	timed, cancel = timer.WithTimeout(ctx, time.Hour)
	cancel()
	receive(t, timed.Done())
	if err := timed.Err(); err != context.Canceled && err != context.DeadlineExceeded { // either may be first
		t.Error(err)
	}
	timed, cancel = timer.WithTimeout(ctx, time.Hour)
	defer cancel()
	// Not a long sleep: on this clock it would be over before we have noticed
	// that ctx is, and a result wins.
	never := rouse.FutureFunc[int](func(*rouse.Context) (int, error) { return 0, rouse.Pending })
	if _, err := rouse.Await[int](timed, never); err != context.DeadlineExceeded {
		t.Errorf("Await in a goroutine: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := receive(t, ran); err != nil {
		t.Error(err)
	}
}

// If the executor closes, nobody waits for the clock for ever.
func TestWithTimeoutEndsWithTheExecutor(t *testing.T) {
	s := onStage(t)
	ctx := s.l.Context(t.Context())
	armed, cancel := timer.WithTimeout(ctx, time.Hour)
	defer cancel()
	s.idle()
	s.armed(1)
	leakcheck.Forgive("timers", 1) // which Close disarms
	if err := s.l.Close(); err != nil {
		t.Fatal(err)
	}
	late, cancelLate := timer.WithTimeout(ctx, time.Hour)
	defer cancelLate()
	for _, c := range []context.Context{armed, late} {
		receive(t, c.Done())
		if c.Err() != context.Canceled || !errors.Is(context.Cause(c), rouse.ErrClosed) {
			t.Errorf("Err %v, Cause %v", c.Err(), context.Cause(c))
		}
	}
	s.armed(0)
}

// A fiber that is cancelled, and cancels its timed ctx on the way out, leaves no
// alarm, though the ctx has ended already: on the goroutine on which package
// context tells that the fiber's own ctx has.
func TestCancelDisarmsWhatTheParentHasEnded(t *testing.T) {
	if !gid.Known {
		t.Skip("nobody can tell that the fiber is at home")
	}
	s := onStage(t)
	left := -1
	j := executor.SpawnFiber(s.l.Context(t.Context()), s.l, func(ctx context.Context) (int, error) {
		timed, cancel := timer.WithTimeout(ctx, time.Hour)
		defer func() {
			receive(t, timed.Done())
			cancel()
			left = s.l.Alarms().Len()
		}()
		_, err := rouse.Await[struct{}](ctx, timer.Sleep(time.Hour))
		return 0, err
	})
	s.idle()
	j.Abort()
	s.idle()
	if left != 0 {
		t.Errorf("%d alarms", left)
	}
}

// A fiber that is cancelled, or ends, tells those who follow its ctx there and
// then: what was derived from it by WithTimeout has ended in the same turn, and
// so has a fiber under that. Package context would start a goroutine, and two
// runs of a program would not be the same.
func TestFiberTellsItsEndThereAndThen(t *testing.T) {
	for _, aborted := range []bool{true, false} {
		s := onStage(t)
		for range 50 {
			var below rouse.JoinHandle[int]
			var cancel context.CancelFunc
			above := executor.SpawnFiber(s.l.Context(t.Context()), s.l, func(ctx context.Context) (int, error) {
				var timed context.Context
				timed, cancel = timer.WithTimeout(ctx, time.Hour)
				below = executor.SpawnFiber(timed, s.l, func(ctx context.Context) (int, error) {
					_, err := rouse.Await[struct{}](ctx, timer.Sleep(time.Hour))
					return 0, err
				})
				_, err := rouse.Await[struct{}](ctx, timer.Sleep(tick))
				return 0, err
			})
			s.idle()
			if aborted {
				above.Abort()
				s.idle()
			} else {
				s.to(time.Duration(s.drv.Now()) + 2*tick)
			}
			told := below.IsFinished()
			cancel()
			if _, err := executor.RunUntil(s.l, rouse.Future[int](below)); !told || !errors.Is(err, context.Canceled) {
				t.Fatalf("aborted %v: the fiber below has ended: %v, with %v", aborted, told, err)
			}
		}
	}
}

func TestWithTimeoutNeedsAnExecutor(t *testing.T) {
	mustPanic(t, "use context.WithTimeout elsewhere", func() { timer.WithTimeout(context.Background(), tick) })
}

func TestDerivingFromATimedCtxStartsNoGoroutine(t *testing.T) {
	s := onStage(t)
	s.inFiber(tick, func(ctx context.Context) error {
		timed, cancel := timer.WithTimeout(ctx, time.Hour)
		defer cancel()
		before := runtime.NumGoroutine()
		for range 50 {
			_, cancel := context.WithCancel(timed)
			defer cancel()
		}
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines, before %d", n, before)
		}
		return nil
	})
}
