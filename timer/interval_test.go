package timer_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// 123: what each policy does about ticks that were missed. The period is 10
// ticks; looks are the times at which the interval is polled until it is
// pending, and due is for which instants it ticked, in order.
func TestConformance_123_IntervalPolicies(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy timer.Policy
		looks  []int64
		due    []int64
	}{
		{"burst in time", timer.Burst, []int64{0, 10, 20, 30}, []int64{0, 10, 20, 30}},
		{"delay in time", timer.Delay, []int64{0, 10, 20, 30}, []int64{0, 10, 20, 30}},
		{"skip in time", timer.Skip, []int64{0, 10, 20, 30}, []int64{0, 10, 20, 30}},

		{"burst catches up", timer.Burst, []int64{0, 35, 40, 50}, []int64{0, 10, 20, 30, 40, 50}},
		{"delay starts anew", timer.Delay, []int64{0, 35, 40, 45, 55}, []int64{0, 10, 45, 55}},
		{"skip leaves out", timer.Skip, []int64{0, 35, 40, 50}, []int64{0, 10, 40, 50}},

		{"burst, exactly on a later tick", timer.Burst, []int64{0, 30, 40}, []int64{0, 10, 20, 30, 40}},
		{"delay, exactly on a later tick", timer.Delay, []int64{0, 30, 40}, []int64{0, 10, 40}},
		{"skip, exactly on a later tick", timer.Skip, []int64{0, 30, 40}, []int64{0, 10, 40}},

		{"burst, one late", timer.Burst, []int64{0, 13, 20}, []int64{0, 10, 20}},
		{"delay, one late", timer.Delay, []int64{0, 13, 20, 23}, []int64{0, 10, 23}},
		{"skip, one late", timer.Skip, []int64{0, 13, 20}, []int64{0, 10, 20}},

		{"starts at its first poll", timer.Burst, []int64{7, 16, 17}, []int64{7, 17}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := onStage(t)
			i := timer.NewInterval(10*tick, c.policy)
			const zero = 100 // the clock is not at its start
			var due []int64
			for _, at := range c.looks {
				s.to(time.Duration(zero+at) * tick)
				s.do(func(cx *rouse.Context) {
					for {
						d, err := i.Poll(cx)
						if err != nil {
							return
						}
						due = append(due, d/int64(tick)-zero)
					}
				})
			}
			if !slices.Equal(due, c.due) {
				t.Errorf("due %v, want %v", due, c.due)
			}
			s.armed(1)
			s.do(func(*rouse.Context) { i.Drop() })
			s.armed(0)
		})
	}
}

func TestIntervalWakesItsTask(t *testing.T) {
	s := onStage(t)
	i := timer.NewInterval(3*tick, timer.Burst)
	var at []time.Duration
	j := executor.Spawn(s.l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
		for {
			if _, err := i.Poll(cx); err != nil {
				return 0, err
			}
			if at = append(at, time.Duration(cx.Now())/tick); len(at) == 4 {
				i.Drop()
				return len(at), nil
			}
		}
	})))
	for d := range time.Duration(20) {
		s.to(d * tick)
	}
	if v, err := executor.RunUntil(s.l, rouse.Future[int](j)); v != 4 || err != nil {
		t.Error(v, err)
	}
	if want := []time.Duration{0, 3, 6, 9}; !slices.Equal(at, want) {
		t.Errorf("at %v, want %v", at, want)
	}
	s.armed(0)
}

func TestIntervalInDirectStyle(t *testing.T) {
	s := onStage(t)
	i := timer.NewInterval(2*tick, timer.Skip)
	var ticks []int64
	j := executor.SpawnFiber(s.l.Context(t.Context()), s.l, func(ctx context.Context) (int, error) {
		for range 3 {
			due, err := i.Tick(ctx)
			if err != nil {
				return 0, err
			}
			ticks = append(ticks, due/int64(tick))
		}
		short, cancel := context.WithCancel(ctx)
		cancel()
		_, err := i.Tick(short) // drops its place, and may be used again
		if err != context.Canceled {
			t.Error(err)
		}
		s.armed(0)
		due, err := i.Tick(ctx)
		ticks = append(ticks, due/int64(tick))
		return 0, err
	})
	for d := range time.Duration(10) {
		s.to(d * tick)
	}
	if _, err := executor.RunUntil(s.l, rouse.Future[int](j)); err != nil {
		t.Error(err)
	}
	if want := []int64{0, 2, 4, 6}; !slices.Equal(ticks, want) {
		t.Errorf("ticks %v, want %v", ticks, want)
	}
}

func TestIntervalWithoutAPeriodPanics(t *testing.T) {
	for _, d := range []time.Duration{0, -1} {
		mustPanic(t, "give a positive one", func() { timer.NewInterval(d, timer.Burst) })
	}
}
