package timer_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// 118: never early, and on the manual clock exactly at the first tick that is
// not before the deadline.
func TestConformance_118_ExactTicks(t *testing.T) {
	for _, c := range []struct{ start, d, want time.Duration }{
		{0, 1, tick},
		{0, tick - 1, tick},
		{0, tick, tick},
		{0, tick + 1, 2 * tick},
		{0, 1500 * time.Microsecond, 2 * tick},
		{300 * time.Microsecond, tick, 2 * tick},
		{5*tick + 1, 10 * tick, 16 * tick},
		{5 * tick, 10 * tick, 15 * tick},
	} {
		s := onStage(t)
		s.to(c.start)
		at := s.ended(timer.Sleep(c.d))
		s.idle()
		s.armed(1)
		s.to(c.want - 1)
		if *at >= 0 {
			t.Errorf("%v from %v: over at %v, due at %v", c.d, c.start, *at, c.want)
		}
		s.to(c.want)
		if *at != c.want {
			t.Errorf("%v from %v: over at %v, want %v", c.d, c.start, *at, c.want)
		}
		s.armed(0)
	}
}

// 120: the boundaries of each level of the wheel, ±1 tick.
func TestConformance_120_WheelLevels(t *testing.T) {
	s := onStage(t)
	var due []time.Duration
	var at []*time.Duration
	for ticks := int64(1); ticks < 1<<31; ticks *= 64 {
		for _, d := range []int64{ticks - 1, ticks, ticks + 1} {
			due = append(due, time.Duration(d)*tick)
			at = append(at, s.ended(timer.Sleep(time.Duration(d)*tick)))
		}
	}
	s.idle()
	for i, d := range due {
		if d > 0 {
			s.to(d - 1)
			if *at[i] >= 0 {
				t.Errorf("due at %v, over at %v", d, *at[i])
			}
		}
		s.to(d)
		if *at[i] != d {
			t.Errorf("due at %v, over at %v", d, *at[i])
		}
	}
	s.armed(0)
}

func TestSleepZeroAndInstantsInThePast(t *testing.T) {
	s := onStage(t)
	s.to(10 * tick)
	for name, f := range map[string]*timer.Timer{
		"Sleep(0)":          timer.Sleep(0),
		"Sleep(-1)":         timer.Sleep(-1),
		"Sleep(min)":        timer.Sleep(math.MinInt64),
		"SleepUntil(past)":  timer.SleepUntil(int64(9 * tick)),
		"SleepUntil(now)":   timer.SleepUntil(int64(10 * tick)),
		"SleepUntil(0)":     timer.SleepUntil(0),
		"SleepUntil(min)":   timer.SleepUntil(math.MinInt64),
		"the zero Timer":    {},
		"MakeSleepUntil(1)": ptr(timer.MakeSleepUntil(1)),
	} {
		s.do(func(cx *rouse.Context) {
			if _, err := f.Poll(cx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			s.armed(0)
			mustPanic(t, "polled after its result", func() { f.Poll(cx) })
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestSleepForAHundredYears(t *testing.T) {
	s := onStage(t)
	const century = 100 * 365 * 24 * time.Hour
	at := s.ended(timer.Sleep(century))
	until := s.ended(timer.SleepUntil(int64(century)))
	never := s.ended(timer.Sleep(math.MaxInt64))
	late := s.ended(timer.SleepUntil(math.MaxInt64))
	s.idle()
	s.armed(4)
	s.to(century - 1)
	if *at >= 0 || *until >= 0 {
		t.Error("early")
	}
	s.to(century)
	if *at != century || *until != century {
		t.Errorf("over at %v and %v", *at, *until)
	}
	s.to(140 * 365 * 24 * time.Hour)
	if *never >= 0 || *late >= 0 {
		t.Error("the end of time came early")
	}
	s.armed(2)
}

func TestConformance_119_121_ADroppedTimerLeavesNothing(t *testing.T) {
	s := onStage(t)
	f := timer.MakeSleep(10 * tick)
	s.do(func(cx *rouse.Context) {
		f.Poll(cx)
		s.armed(1)
		f.Drop()
		s.armed(0)
		// Re-armed in the same place: later, earlier, in the past.
		for _, d := range []time.Duration{20 * tick, tick, 0} {
			f = timer.MakeSleep(d)
			_, err := f.Poll(cx)
			if (err == nil) != (d == 0) {
				t.Errorf("%v: %v", d, err)
			}
			if d > 0 {
				f.Drop()
			}
			s.armed(0)
		}
		unpolled := timer.Sleep(tick)
		unpolled.Drop()
		mustPanic(t, "polled after its result", func() { unpolled.Poll(cx) })
	})
	// An aborted task drops its timer.
	j := executor.Spawn(s.l, rouse.Future[struct{}](timer.Sleep(time.Hour)))
	s.idle()
	s.armed(1)
	j.Abort()
	s.idle()
	s.armed(0)
	// And so does the end of the executor.
	s.ended(timer.Sleep(time.Hour))
	s.idle()
	if err := s.l.Close(); err != nil {
		t.Error(err)
	}
	s.armed(0)
}

// A waker that drops another timer of the same pass.
func TestConformance_119_DropFromAWake(t *testing.T) {
	s := onStage(t)
	var victims []*timer.Timer
	s.do(func(cx *rouse.Context) {
		w := rouse.NewWaker(wakeFunc(func() {
			for _, v := range victims {
				v.Drop()
			}
			victims = nil
		}))
		var dst rouse.Context
		timer.Sleep(tick).Poll(cx.Derive(&dst, w))
		for range 3 {
			v := timer.Sleep(tick)
			v.Poll(cx.Derive(&dst, rouse.NewWaker(wakeFunc(func() { t.Error("a dropped timer fired") }))))
			victims = append(victims, v)
		}
	})
	s.armed(4)
	s.to(tick)
	s.armed(0)
}

type wakeFunc func()

func (f wakeFunc) WakeByRef() { f() }

func TestAnotherWakerTakesThePlaceOfTheFirst(t *testing.T) {
	s := onStage(t)
	var woken []string
	mark := func(name string) rouse.Waker {
		return rouse.NewWaker(wakeFunc(func() { woken = append(woken, name) }))
	}
	f := timer.Sleep(tick)
	s.do(func(cx *rouse.Context) {
		var dst rouse.Context
		f.Poll(cx.Derive(&dst, mark("first")))
		f.Poll(cx.Derive(&dst, mark("second")))
		second := mark("third")
		f.Poll(cx.Derive(&dst, second))
		f.Poll(cx.Derive(&dst, second))
	})
	s.to(tick)
	if got := strings.Join(woken, " "); got != "third" {
		t.Errorf("woken: %q", got)
	}
	s.do(func(cx *rouse.Context) {
		if _, err := f.Poll(cx); err != nil {
			t.Error(err)
		}
	})
}

// 118: ties, that is deadlines within one tick, fire in the order in which they
// were set.
func TestConformance_118_TheOrderOfTies(t *testing.T) {
	s := onStage(t)
	var order, want []int
	add := func(i int, d time.Duration) {
		f := timer.MakeSleep(d)
		executor.SpawnDetached(s.l, rouse.Future[int](rouse.FutureFunc[int](func(cx *rouse.Context) (int, error) {
			if _, err := f.Poll(cx); err != nil {
				return 0, err
			}
			order = append(order, i)
			return 0, nil
		})))
	}
	for i := range 100 { // all due at tick 10, those set first with the later deadline
		add(i, 10*tick-time.Duration(i))
		want = append(want, i)
	}
	add(1000, 9*tick)
	add(1001, 11*tick)
	want = append(append([]int{1000}, want...), 1001)
	s.idle()
	s.to(20 * tick) // in one pass
	if !slices.Equal(order, want) {
		t.Errorf("%v", order)
	}
}

// A duration counts from a fresh reading of the clock, not from the start of
// the turn.
func TestADurationCountsFromNow(t *testing.T) {
	s := onStage(t)
	f := timer.Sleep(5 * tick)
	at := s.ended(rouse.FutureFunc[struct{}](func(cx *rouse.Context) (struct{}, error) {
		if s.drv.Now() == 0 {
			s.drv.Advance(3 * tick) // a long poll
			if cx.Now() != 0 {
				t.Error("cx.Now moved during a turn")
			}
		}
		return f.Poll(cx)
	}))
	s.idle()
	s.to(7 * tick)
	if *at >= 0 {
		t.Errorf("over at %v", *at)
	}
	s.to(8 * tick)
	if *at != 8*tick {
		t.Errorf("over at %v", *at)
	}
}

func TestATimerByValueAllocatesNothing(t *testing.T) {
	s := onStage(t)
	f := new(timer.Timer)
	s.do(func(cx *rouse.Context) {
		if n := testing.AllocsPerRun(100, func() {
			*f = timer.MakeSleep(time.Second)
			f.Poll(cx)
			f.Poll(cx)
			f.Drop()
		}); n != 0 {
			t.Errorf("create, poll and drop: %v allocations", n)
		}
		if n := testing.AllocsPerRun(100, func() {
			*f = timer.MakeSleepUntil(1 << 40)
			f.Poll(cx)
			f.Drop()
		}); n != 0 {
			t.Errorf("MakeSleepUntil: %v allocations", n)
		}
	})
	s.armed(0)
}

func TestATimerNeedsAnExecutorThatKeepsTime(t *testing.T) {
	mustPanic(t, "run the future on executor.Local", func() {
		timer.Sleep(tick).Poll(rouse.NewContext(rouse.Waker{}))
	})
	mustPanic(t, "run the future on executor.Local", func() { rouse.BlockOn(rouse.Future[struct{}](timer.Sleep(tick))) })
}

// With a real clock, too, no timer is early.
func TestNeverEarlyOnARealClock(t *testing.T) {
	for _, name := range strings.Split(executor.DriverNames(), ", ") {
		t.Run(name, func(t *testing.T) {
			bound(t)
			drv, err := executor.OpenDriver(name)
			if err != nil {
				t.Fatal(err)
			}
			l, err := executor.New(executor.Config{Driver: drv})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			for i := range 20 {
				d := time.Duration(i) * 317 * time.Microsecond
				start := drv.Now()
				if _, err := executor.RunUntil(l, rouse.Future[struct{}](timer.Sleep(d))); err != nil {
					t.Fatal(err)
				}
				if took := time.Duration(drv.Now() - start); took < d {
					t.Errorf("slept %v of %v", took, d)
				}
			}
		})
	}
}
