package executor_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rouse-go/rouse"
	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/manual"
	"github.com/rouse-go/rouse/executor"
	"github.com/rouse-go/rouse/timer"
)

// ticking is a driver on which time passes by looking at the clock, a microsecond
// each time, so that how long an executor spins is exact.
type ticking struct {
	driver.Driver
	now   atomic.Int64
	sleep func() // called instead of the first sleep
}

func (d *ticking) Now() int64 { return d.now.Add(int64(time.Microsecond)) }

func (d *ticking) Park(until int64) (int, error) {
	if until > d.now.Load() && d.sleep != nil {
		d.sleep()
		d.sleep = nil
	}
	return d.Driver.Park(0)
}

// Config.Spin is honoured where another CPU can do the waking, and ignored where
// spinning would keep it from that: with GOMAXPROCS=1 or on one CPU.
func TestConformance_116_Spin(t *testing.T) {
	if runtime.NumCPU() == 1 {
		t.Skip("needs two CPUs")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const spin = 500 * time.Microsecond
	for _, c := range []struct {
		procs int
		spin  time.Duration
		want  bool
	}{{2, spin, true}, {2, 0, false}, {1, spin, false}} {
		bound(t)
		runtime.GOMAXPROCS(c.procs)
		d := &ticking{Driver: must(manual.New(manual.Config{}))}
		l, err := executor.New(executor.Config{Driver: d, Spin: c.spin})
		if err != nil {
			t.Fatal(err)
		}
		var slept int64
		began := int64(0)
		p := forever()
		d.sleep = func() { slept = d.now.Load(); l.Stop() }
		p.script = func(*rouse.Context, int) (int, error) { began = d.now.Load(); return 0, rouse.Pending }
		spawn(l, p)
		if err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		switch idle := time.Duration(slept - began); {
		case c.want && (idle < spin || idle > spin+10*time.Microsecond):
			t.Errorf("GOMAXPROCS %d, Spin %v: asleep %v after the last poll", c.procs, c.spin, idle)
		case !c.want && idle > 10*time.Microsecond:
			t.Errorf("GOMAXPROCS %d, Spin %v: %v passed before it slept", c.procs, c.spin, idle)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Wakes and timers end the spin.
func TestConformance_116_SpinEnds(t *testing.T) {
	if runtime.NumCPU() == 1 || runtime.GOMAXPROCS(0) == 1 {
		t.Skip("needs two CPUs")
	}
	bound(t)
	d := &ticking{Driver: must(manual.New(manual.Config{}))}
	l, err := executor.New(executor.Config{Driver: d, Spin: time.Hour}) // of looks at the clock
	if err != nil {
		t.Fatal(err)
	}
	wakers := make(chan rouse.Waker, 1)
	p := &probe{script: func(cx *rouse.Context, poll int) (int, error) {
		if poll == 20 {
			return poll, nil
		}
		wakers <- cx.Waker()
		return 0, rouse.Pending
	}}
	go func() {
		for range 19 {
			(<-wakers).Wake()
		}
	}()
	if v, err := joined(l, spawn(l, p)); v != 20 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	// Else each of these would have taken an hour of looks at the clock.
	before := d.now.Load()
	if _, err := executor.RunUntil(l, rouse.Future[struct{}](timer.Sleep(5*time.Millisecond))); err != nil {
		t.Error(err)
	}
	if took := time.Duration(d.now.Load() - before); took < 5*time.Millisecond || took > 7*time.Millisecond {
		t.Errorf("a timer of 5 ms took %v", took)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
