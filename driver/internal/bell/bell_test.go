package bell

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestRingBefore(t *testing.T) {
	b := New()
	b.Ring()
	b.Ring()
	if !b.Sleep(-1) {
		t.Error("Sleep does not know who rang before")
	}
	if b.Taken() || b.Sleep(time.Millisecond) {
		t.Error("two rings before one sleep count twice")
	}
	b.Ring()
	if !b.Taken() || b.Taken() {
		t.Error("Taken is not true exactly once")
	}
}

func TestSleepIsNotShort(t *testing.T) {
	b := New()
	for _, d := range []time.Duration{0, time.Microsecond, 3 * time.Millisecond} {
		start := time.Now()
		if b.Sleep(d) {
			t.Error("nobody rang")
		}
		if took := time.Since(start); took < d {
			t.Errorf("Sleep of %v took %v", d, took)
		}
	}
}

// Rings that meet the end of the sleep lose nothing and leave no token behind.
func TestRace(t *testing.T) {
	b := New()
	const rounds = 1500
	var asked, seen atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := int64(1); i <= rounds; i++ {
			asked.Add(1)
			b.Ring()
			for seen.Load() < i {
				time.Sleep(time.Microsecond)
			}
		}
	}()
	var late atomic.Bool
	watchdog := time.AfterFunc(30*time.Second, func() {
		late.Store(true)
		b.Ring()
	})
	defer watchdog.Stop()
	for i := int64(1); i <= rounds; i++ {
		for asked.Load() < i {
			d := time.Duration(-1)
			if i%2 == 0 {
				d = time.Duration(i%7) * time.Microsecond
			}
			if b.Sleep(d); late.Load() {
				t.Fatal("nothing ends the sleep")
			}
		}
		seen.Store(i)
	}
	<-done
	for b.Taken() {
	}
	for range 20 { // timer and token: either may be noticed
		if b.Sleep(0) {
			t.Fatal("a token is left")
		}
	}
}
